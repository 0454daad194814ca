import numpy as np
import pytest

from pir_mm.datasets.scenes import geometry
from pir_mm.datasets.scenes.geometry import in_line, in_rows, scattered
from pir_mm.datasets.scenes.random_stream import RandomStream


def test_a_quarter_turn_is_clockwise_on_the_screen():
    assert geometry.rotated(np.array([(10, 0), (0, 10)]), 90).tolist() == [[0, 10], [-10, 0]]


def test_boxes_by_centre_and_by_edges():
    assert geometry.box(5, 7, 4, 2).tolist() == [[3, 6], [7, 6], [7, 8], [3, 8]]
    assert geometry.rectangle(3, 6, 7, 8).tolist() == geometry.box(5, 7, 4, 2).tolist()
    assert geometry.box(0, 0, 400, 200, 30)[1] == pytest.approx((223, 13), abs=1)


def test_an_outline_is_scaled_turned_and_moved():
    assert geometry.placed([(0, -500)], 10, 20, 100).tolist() == [[10, -30]]
    assert geometry.placed([(0, -500)], 10, 20, 100, 90).tolist() == [[60, 20]]


@pytest.mark.parametrize('radii', [(40, None), (40, 20)])
def test_a_disc_lies_on_its_ellipse(radii):
    wide, high = radii[0], radii[1] or radii[0]
    points = geometry.disc(0, 0, *radii)
    np.testing.assert_allclose(np.hypot(points[:, 0] / wide, points[:, 1] / high), 1, atol=0.06)


def test_a_blob_stays_within_its_ellipse():
    for seed in range(50):
        x, y = (geometry.blob(RandomStream(seed), 100, 200, 60, 30) - (100, 200)).T
        reach = np.hypot(x / 60, y / 30)
        assert 0.5 < reach.min()
        assert reach.max() <= 1.04


def test_a_ribbon_has_its_width_everywhere():
    path = [(0, 0), (30, 40), (60, 80)]
    band = geometry.ribbon(path, 20)
    gap = band[:3] - band[:2:-1]
    assert np.hypot(*gap.T) == pytest.approx([20, 20, 20], abs=2)
    assert (gap @ (3, 4)).tolist() == pytest.approx([0, 0, 0], abs=8)


def test_a_wavy_path_crosses_the_sheet_within_its_swing():
    path = np.array(geometry.wavy(RandomStream(0), 500, 30))
    assert path[0, 0] < 0
    assert path[-1, 0] > 1024
    assert 5 < np.abs(path[:, 1] - 500).max() <= 41


def test_scattered_things_have_room_of_their_own_within_the_area():
    for seed in range(60):
        spots = scattered(RandomStream(seed), 1 + seed % 6, (100, 50, 420, 270), (100, 90))
        assert len(spots) == 1 + seed % 6
        for k, (x, y) in enumerate(spots):
            assert 150 <= x <= 370
            assert 95 <= y <= 225
            assert all(abs(x - u) >= 100 or abs(y - v) >= 90 for u, v in spots[:k])


def test_scattered_things_are_not_always_at_one_place():
    assert (
        len(
            {scattered(RandomStream(seed), 1, (0, 0, 500, 500), (100, 100))[0] for seed in range(9)}
        )
        > 5
    )


def test_too_many_things_are_refused():
    with pytest.raises(ValueError, match=r'7 things of \(100, 90\) .* room for 6'):
        scattered(RandomStream(0), 7, (100, 50, 420, 270), (100, 90))


def test_a_line_is_even_and_centred():
    assert in_line(3, 0, 300, 8) == [(50, 8), (150, 8), (250, 8)]
    assert in_line(2, 0, 300, 8, 40) == [(130, 8), (170, 8)]


@pytest.mark.parametrize(
    ('count', 'per_row', 'shares'), [(1, 1, [1]), (7, 4, [4, 3]), (9, 3, [3] * 3)]
)
def test_rows_share_the_things(count, per_row, shares):
    spots, rows = in_rows(count, (0, 0, 120, 300), per_row)
    heights = sorted({y for _, y in spots})
    assert [sum(y == height for _, y in spots) for height in heights] == shares
    assert rows == len(shares)
    assert heights == [(2 * k + 1) * 300 // (2 * rows) for k in range(rows)]
