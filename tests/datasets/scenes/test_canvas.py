import numpy as np
import pytest

from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.dice import Dice
from pir_mm.datasets.scenes.shapes import box, disc, span

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
    canvas = Canvas(Dice(seed), 32)
    canvas.paint(box(*spot, 60, 60), WHITE)
    x, y = centre(canvas) - 512
    seen = ('left' if x < 0 else 'right') if abs(x) > abs(y) else ('top' if y < 0 else 'bottom')
    assert canvas.side(name) == seen


@pytest.mark.parametrize('seed', SEEDS)
def test_an_axis_is_called_as_it_is_seen(seed):
    canvas = Canvas(Dice(seed), 32)
    canvas.paint(span(0, 480, 1024, 544), WHITE)
    y, x = np.nonzero(canvas.pixels[..., 0])
    assert canvas.side('rightward') == ('rightward' if np.ptp(x) > np.ptp(y) else 'downward')
    assert canvas.side('downward') != canvas.side('rightward')
    assert canvas.side('beside') == 'beside'
    assert canvas.side(None) is None


def test_all_ways_to_turn_a_plan_occur():
    ways = {(c.quarters, c.mirrored) for c in (Canvas(Dice(seed), 16) for seed in range(99))}
    assert len(ways) == 8


@pytest.mark.parametrize('seed', SEEDS)
def test_a_box_is_where_the_thing_is(seed):
    canvas = Canvas(Dice(seed), 64)
    canvas.tilt = 0
    outline = disc(300, 420, 90)
    canvas.paint(outline, WHITE)
    y, x = np.nonzero(canvas.pixels[..., 0])
    seen = np.array([x.min(), y.min(), x.max(), y.max()]) * 1024 / 256
    np.testing.assert_allclose(canvas.box_of(outline), seen, atol=6)


@pytest.mark.parametrize('size', [64, 128, 224])
def test_a_picture_shows_the_same_at_every_size(size):
    canvas = Canvas(Dice(5), size)
    canvas.paint(box(300, 700, 200, 100, 20), WHITE)
    share = (canvas.pixels[..., 0] > 0).mean()
    assert share == pytest.approx(200 * 100 / 1024**2, rel=0.1)
    wanted = Canvas(Dice(5), 64)
    wanted.paint(box(300, 700, 200, 100, 20), WHITE)
    np.testing.assert_allclose(centre(canvas), centre(wanted), atol=4)


def test_plain_and_grained_paint_cover_the_same_pixels():
    plain, grained = Canvas(Dice(2), 64), Canvas(Dice(2), 64)
    star = [(300, 300), (512, 420), (700, 300), (600, 512), (700, 700), (512, 600), (300, 700)]
    plain.paint(star, (40, 90, 160))
    grained.paint(star, (40, 90, 160), grain=1)
    difference = np.abs(plain.pixels.astype(int) - grained.pixels)
    assert 0 < difference.max() <= 2
    assert np.array_equal(plain.pixels.any(axis=-1), grained.pixels.any(axis=-1))


def test_strength_lets_the_ground_through():
    canvas = Canvas(Dice(0), 16)
    canvas.pixels[:] = 200
    canvas.paint(span(-300, -300, 1324, 1324), (100, 200, 0), strength=128)
    assert np.unique(canvas.pixels.reshape(-1, 3), axis=0).tolist() == [[150, 200, 100]]


def test_many_polygons_are_painted_in_order():
    canvas = Canvas(Dice(0), 16)
    both = np.stack([span(0, 0, 1024, 1024), span(300, 300, 700, 700)])
    canvas.paint_all(both, np.array([(9, 9, 9), (7, 7, 7)]))
    assert canvas.pixels[32, 32].tolist() == [7, 7, 7]
    assert canvas.pixels[4, 32].tolist() == [9, 9, 9]


@pytest.mark.parametrize('seed', SEEDS)
def test_shadows_fall_away_from_the_sun_and_lit_roofs_face_it(seed):
    canvas = Canvas(Dice(seed), 64)
    canvas.pixels[:] = 200
    canvas.shadow(disc(512, 512, 40), 200)
    y, x = np.nonzero(canvas.pixels[..., 0] < 150)
    fall = np.array([x.mean(), y.mean()]) - 128
    assert fall @ canvas.sun < 0
    assert fall @ canvas.sun / np.hypot(*fall) == pytest.approx(-4096, abs=120)
    step = np.array(canvas.sunward(1000))
    assert np.hypot(*step) == pytest.approx(1000, abs=4)
    canvas.paint(box(*(512 + step // 3), 60, 60), WHITE)
    assert (centre(canvas) - 512) @ canvas.sun > 0
    for way in ((0, -1), (1, 0), (0, 1), (-1, 0)):
        lit = canvas.slope(way, 0, 100)
        assert lit == pytest.approx(np.dot(way, step) / 10, abs=2)


def test_mottling_and_stripes_change_a_part():
    canvas = Canvas(Dice(1), 64)
    canvas.mottle((90, 90, 90), 40)
    assert 0.02 < canvas.pixels.any(axis=-1).mean() < 0.6
    canvas = Canvas(Dice(1), 64)
    canvas.stripes(span(256, 256, 768, 768), (90, 90, 90), 32, 0)
    assert canvas.pixels.any(axis=-1).mean() == pytest.approx(0.125, abs=0.02)


@pytest.mark.parametrize('corner', [(3000, 3000), (3000, 500), (500, 3000), (-3000, 500)])
def test_what_lies_outside_is_left_out(corner):
    canvas = Canvas(Dice(1), 16)
    outline = span(*corner, corner[0] + 100, corner[1] + 100)
    canvas.paint(outline, WHITE, grain=5)
    canvas.shadow(outline, 50)
    assert not canvas.pixels.any()
