"""A heat map gives the value of any pixel, and refuses edges and values that make none."""

import numpy as np
import pytest

from pir_mm.structures.heat_map import HeatMap

VALUES = np.array([[0.1, 0.2, np.nan], [0.4, 0.9, 0.6]])


def heat_map(columns=(0, 2, 3, 6), rows=(0, 1, 4), values=VALUES):
    return HeatMap(np.array(columns), np.array(rows), np.array(values))


def test_pixels_by_hand():
    heat = heat_map()
    assert heat.size == (6, 4)
    top, nothing = [0.1, 0.1, 0.2], [np.nan] * 3
    below = [0.4, 0.4, 0.9, 0.6, 0.6, 0.6]
    np.testing.assert_allclose(heat.pixels(), np.array([top + nothing] + [below] * 3), rtol=1e-6)
    assert heat.pixels().dtype == np.float32


def test_a_window_is_a_part_of_the_whole():
    heat = heat_map()
    whole = heat.pixels()
    for column in range(6):
        for row in range(4):
            window = (column, row, 6 - column, 4 - row)
            np.testing.assert_array_equal(heat.pixels(window), whole[row:, column:])


def test_a_smaller_size_has_the_middles():
    np.testing.assert_allclose(
        heat_map().pixels(size=(2, 4))[:2], [[0.1, np.nan], [0.4, 0.6]], rtol=1e-6
    )
    np.testing.assert_allclose(heat_map().pixels((2, 0, 4, 4), (1, 1)), [[0.6]], rtol=1e-6)


def test_the_hottest_place_is_the_middle_of_its_cell():
    assert heat_map().hottest == (2.5, 2.5)
    assert heat_map().range == (0.1, 0.9)


@pytest.mark.parametrize(
    ('changed', 'message'),
    [
        ({'columns': (1, 2, 3, 6)}, 'columns of a heat map must ascend from 0'),
        ({'rows': (0, 4, 4)}, 'rows of a heat map must ascend from 0'),
        ({'rows': (0, 1, 2, 4)}, r'3 x 3 cells has values \(2, 3\)'),
        ({'values': np.full((2, 3), np.nan)}, 'finite values'),
        ({'values': np.full((2, 3), np.inf)}, 'finite values'),
    ],
)
def test_refuses_what_is_no_map(changed, message):
    with pytest.raises(ValueError, match=message):
        heat_map(**changed)
