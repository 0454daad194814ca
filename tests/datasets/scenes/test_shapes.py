import numpy as np
import pytest

from pir_mm.datasets.scenes import shapes
from pir_mm.datasets.scenes.dice import Dice


def test_a_quarter_turn_is_clockwise_on_the_screen():
    assert shapes.turned(np.array([(10, 0), (0, 10)]), 90).tolist() == [[0, 10], [-10, 0]]


def test_boxes_by_centre_and_by_edges():
    assert shapes.box(5, 7, 4, 2).tolist() == [[3, 6], [7, 6], [7, 8], [3, 8]]
    assert shapes.span(3, 6, 7, 8).tolist() == shapes.box(5, 7, 4, 2).tolist()
    assert shapes.box(0, 0, 400, 200, 30)[1] == pytest.approx((223, 13), abs=1)


def test_an_outline_is_scaled_turned_and_moved():
    assert shapes.placed([(0, -500)], 10, 20, 100).tolist() == [[10, -30]]
    assert shapes.placed([(0, -500)], 10, 20, 100, 90).tolist() == [[60, 20]]


@pytest.mark.parametrize('radii', [(40, None), (40, 20)])
def test_a_disc_lies_on_its_ellipse(radii):
    wide, high = radii[0], radii[1] or radii[0]
    points = shapes.disc(0, 0, *radii)
    np.testing.assert_allclose(np.hypot(points[:, 0] / wide, points[:, 1] / high), 1, atol=0.06)


def test_a_blob_stays_within_its_ellipse():
    for seed in range(50):
        x, y = (shapes.blob(Dice(seed), 100, 200, 60, 30) - (100, 200)).T
        reach = np.hypot(x / 60, y / 30)
        assert 0.5 < reach.min()
        assert reach.max() <= 1.04


def test_a_ribbon_has_its_width_everywhere():
    path = [(0, 0), (30, 40), (60, 80)]
    band = shapes.ribbon(path, 20)
    gap = band[:3] - band[:2:-1]
    assert np.hypot(*gap.T) == pytest.approx([20, 20, 20], abs=2)
    assert (gap @ (3, 4)).tolist() == pytest.approx([0, 0, 0], abs=8)


def test_a_wavy_path_crosses_the_sheet_within_its_swing():
    path = np.array(shapes.wavy(Dice(0), 500, 30))
    assert path[0, 0] < 0
    assert path[-1, 0] > 1024
    assert 5 < np.abs(path[:, 1] - 500).max() <= 41
