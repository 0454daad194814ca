import numpy as np
import pytest

from pir_mm.datasets.scenes.canvas import Canvas, _reduced, _softened, photograph, polygon_mask
from pir_mm.datasets.scenes.geometry import box, disc, rectangle
from pir_mm.datasets.scenes.random_stream import RandomStream

WHITE = (255, 255, 255)
SEEDS = range(24)


def centre(canvas):
    """Centroid of what was painted white, in units."""
    y, x = np.nonzero(canvas.pixels[..., 0] > 200)
    return np.array([x.mean(), y.mean()]) * 1024 / canvas.pixels.shape[0]


@pytest.mark.parametrize('seed', SEEDS)
@pytest.mark.parametrize(
    ('name', 'spot'), [('left', (150, 512)), ('right', (874, 512)), ('top', (512, 150))]
)
def test_a_side_is_called_as_it_is_seen(seed, name, spot):
    canvas = Canvas(RandomStream(seed), 32)
    canvas.paint(box(*spot, 60, 60), WHITE)
    x, y = centre(canvas) - 512
    seen = ('left' if x < 0 else 'right') if abs(x) > abs(y) else ('top' if y < 0 else 'bottom')
    assert canvas.side_in_picture(name) == seen


@pytest.mark.parametrize('seed', SEEDS)
def test_an_axis_is_called_as_it_is_seen(seed):
    canvas = Canvas(RandomStream(seed), 32)
    canvas.paint(rectangle(0, 480, 1024, 544), WHITE)
    y, x = np.nonzero(canvas.pixels[..., 0])
    assert canvas.side_in_picture('rightward') == (
        'rightward' if np.ptp(x) > np.ptp(y) else 'downward'
    )
    assert canvas.side_in_picture('downward') != canvas.side_in_picture('rightward')
    assert canvas.side_in_picture('beside') == 'beside'
    assert canvas.side_in_picture(None) is None


def test_all_ways_to_turn_a_plan_occur():
    ways = {
        (c.quarters, c.mirrored) for c in (Canvas(RandomStream(seed), 16) for seed in range(99))
    }
    assert len(ways) == 8


@pytest.mark.parametrize('seed', SEEDS)
def test_a_box_is_where_the_thing_is(seed):
    canvas = Canvas(RandomStream(seed), 64)
    canvas.tilt = 0
    outline = disc(300, 420, 90)
    canvas.paint(outline, WHITE)
    y, x = np.nonzero(canvas.pixels[..., 0])
    seen = np.array([x.min(), y.min(), x.max(), y.max()]) * 1024 / 256
    np.testing.assert_allclose(canvas.box_of(outline), seen, atol=6)


@pytest.mark.parametrize('size', [64, 128, 224])
def test_a_picture_shows_the_same_at_every_size(size):
    canvas = Canvas(RandomStream(5), size)
    canvas.paint(box(300, 700, 200, 100, 20), WHITE)
    share = (canvas.pixels[..., 0] > 0).mean()
    assert share == pytest.approx(200 * 100 / 1024**2, rel=0.1)
    wanted = Canvas(RandomStream(5), 64)
    wanted.paint(box(300, 700, 200, 100, 20), WHITE)
    np.testing.assert_allclose(centre(canvas), centre(wanted), atol=4)


def test_plain_and_grained_paint_cover_the_same_pixels():
    plain, grained = Canvas(RandomStream(2), 64), Canvas(RandomStream(2), 64)
    star = [(300, 300), (512, 420), (700, 300), (600, 512), (700, 700), (512, 600), (300, 700)]
    plain.paint(star, (40, 90, 160))
    grained.paint(star, (40, 90, 160), grain=1)
    difference = np.abs(plain.pixels.astype(int) - grained.pixels)
    assert 0 < difference.max() <= 2
    assert np.array_equal(plain.pixels.any(axis=-1), grained.pixels.any(axis=-1))


def test_strength_lets_the_ground_through():
    canvas = Canvas(RandomStream(0), 16)
    canvas.pixels[:] = 200
    canvas.paint(rectangle(-300, -300, 1324, 1324), (100, 200, 0), strength=128)
    assert np.unique(canvas.pixels.reshape(-1, 3), axis=0).tolist() == [[150, 200, 100]]


def test_many_polygons_are_painted_in_order():
    canvas = Canvas(RandomStream(0), 16)
    both = np.stack([rectangle(0, 0, 1024, 1024), rectangle(300, 300, 700, 700)])
    canvas.paint_all(both, np.array([(9, 9, 9), (7, 7, 7)]))
    assert canvas.pixels[32, 32].tolist() == [7, 7, 7]
    assert canvas.pixels[4, 32].tolist() == [9, 9, 9]


@pytest.mark.parametrize('seed', SEEDS)
def test_shadows_fall_away_from_the_sun_and_lit_roofs_face_it(seed):
    canvas = Canvas(RandomStream(seed), 64)
    canvas.pixels[:] = 200
    canvas.shadow(disc(512, 512, 40), 200)
    y, x = np.nonzero(canvas.pixels[..., 0] < 150)
    fall = np.array([x.mean(), y.mean()]) - 128
    assert fall @ canvas.sun < 0
    assert fall @ canvas.sun / np.hypot(*fall) == pytest.approx(-4096, abs=120)
    step = np.array(canvas.towards_sun(1000))
    assert np.hypot(*step) == pytest.approx(1000, abs=4)
    canvas.paint(box(*(512 + step // 3), 60, 60), WHITE)
    assert (centre(canvas) - 512) @ canvas.sun > 0
    for way in ((0, -1), (1, 0), (0, 1), (-1, 0)):
        lit = canvas.slope(way, 0, 100)
        assert lit == pytest.approx(np.dot(way, step) / 10, abs=2)


def test_mottling_and_stripes_change_a_part():
    canvas = Canvas(RandomStream(1), 64)
    canvas.mottle((90, 90, 90), 40)
    assert 0.02 < canvas.pixels.any(axis=-1).mean() < 0.6
    canvas = Canvas(RandomStream(1), 64)
    canvas.stripes(rectangle(256, 256, 768, 768), (90, 90, 90), 32, 0)
    assert canvas.pixels.any(axis=-1).mean() == pytest.approx(0.125, abs=0.02)


@pytest.mark.parametrize('corner', [(3000, 3000), (3000, 500), (500, 3000), (-3000, 500)])
def test_what_lies_outside_is_left_out(corner):
    canvas = Canvas(RandomStream(1), 16)
    outline = rectangle(*corner, corner[0] + 100, corner[1] + 100)
    canvas.paint(outline, WHITE, grain=5)
    canvas.shadow(outline, 50)
    assert not canvas.pixels.any()


def winding(outline, x, y):
    """Signed number of edges that a ray to the left of (x, y) crosses."""
    turns = 0
    for (ax, ay), (bx, by) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if min(ay, by) <= y < max(ay, by):
            crossing = ax + (y - ay) * (bx - ax) // (by - ay)
            turns += int(np.sign(by - ay)) * (crossing <= x)
    return turns


@pytest.mark.parametrize('corners', [3, 4, 7])
def test_agrees_with_a_ray_from_each_pixel(corners):
    random = np.random.default_rng(corners)
    for _ in range(20):
        outlines = [random.integers(-60, 300, (corners, 2)) for _ in range(random.integers(1, 3))]
        got = polygon_mask(outlines, 14, 12)
        for (row, column), inside in np.ndenumerate(got):
            turns = sum(winding(outline, 16 * column, 16 * row) for outline in outlines)
            assert inside == (turns != 0)


def test_a_box_by_hand():
    outline = np.array([(16, 16), (48, 16), (48, 40), (16, 40)])
    assert polygon_mask([outline], 5, 4).tolist() == [
        [0, 0, 0, 0, 0],
        [0, 1, 1, 0, 0],
        [0, 1, 1, 0, 0],
        [0, 0, 0, 0, 0],
    ]


def test_overlapping_outlines_make_a_union_and_edges_are_shared_once():
    left, right = np.array([(0, 0), (32, 0), (32, 64), (0, 64)]), np.array((32, 0))
    assert polygon_mask([left, left + right // 2], 6, 4).sum() == 12
    assert (polygon_mask([left], 6, 4) + polygon_mask([left + right], 6, 4)).max() == 1


def test_outside_the_sheet_there_is_nothing():
    assert polygon_mask([np.array([(-90, -90), (-50, -90), (-50, -50)])], 4, 4).sum() == 0
    assert polygon_mask([np.array([(0, 8), (40, 8), (40, 8)])], 4, 4).sum() == 0


def test_reduction_is_the_rounded_mean_of_blocks():
    sheet = np.random.default_rng(0).integers(0, 256, (12, 12, 3), np.uint8)
    blocks = sheet.reshape(3, 4, 3, 4, 3).mean(axis=(1, 3))
    assert np.array_equal(_reduced(sheet, 4), np.floor(blocks + 0.5))


def test_softening_keeps_a_flat_picture_and_spreads_a_point():
    assert np.array_equal(_softened(np.full((5, 5, 3), 77)), np.full((5, 5, 3), 77))
    point = np.zeros((5, 5, 1), int)
    point[2, 2] = 160
    assert _softened(point)[1:4, 1:4, 0].tolist() == [[10, 20, 10], [20, 40, 20], [10, 20, 10]]


def test_colours_survive_every_light():
    for seed in range(40):
        for colour in ((52, 56, 170), (178, 114, 58), (60, 180, 210), (232, 236, 238)):
            picture = photograph(np.full((64, 64, 3), colour, np.uint8), RandomStream(seed), 4)
            assert picture.shape == (16, 16, 3)
            assert picture.dtype == np.uint8
            assert np.abs(picture.mean(axis=(0, 1)) - colour).max() < 64
            assert 1 < picture.std(axis=(0, 1)).min()


def test_the_light_differs_from_picture_to_picture():
    sheet = np.full((64, 64, 3), 128, np.uint8)
    assert len({round(photograph(sheet, RandomStream(seed), 4).mean()) for seed in range(20)}) > 8
