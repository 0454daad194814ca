"""A pixel has the mean of the windows over it, however large they are."""

import numpy as np
import pytest

from pir_mm.functional.window_mean import window_mean


def by_pixels(windows, scores, width, height):
    """The mean at each pixel, one window after the other."""
    total, number = np.zeros((height, width)), np.zeros((height, width))
    for (column, row, w, h), score in zip(windows, scores, strict=True):
        total[row : row + h, column : column + w] += score
        number[row : row + h, column : column + w] += 1
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def painted(cells):
    heights, widths = np.diff(cells.rows), np.diff(cells.columns)
    return cells.values.repeat(heights, axis=0).repeat(widths, axis=1)


def test_two_windows_by_hand():
    cells = window_mean(np.array([(0, 0, 3, 2), (2, 1, 2, 2)]), np.array([0.2, 0.6]), 4, 3)
    assert cells.columns.tolist() == [0, 2, 3, 4]
    assert cells.rows.tolist() == [0, 1, 2, 3]
    nothing = np.nan
    np.testing.assert_allclose(
        cells.values, [[0.2, 0.2, nothing], [0.2, 0.4, 0.6], [nothing, 0.6, 0.6]]
    )


@pytest.mark.parametrize('number', [1, 2, 17, 200])
def test_agrees_with_a_loop_over_windows(number):
    generator = np.random.default_rng(number)
    columns, rows = generator.integers(0, 30, number), generator.integers(0, 20, number)
    widths, heights = generator.integers(1, 37 - columns), generator.integers(1, 24 - rows)
    windows = np.column_stack([columns, rows, widths, heights])
    scores = generator.normal(size=number)
    cells = window_mean(windows, scores, 37, 24)
    np.testing.assert_allclose(painted(cells), by_pixels(windows, scores, 37, 24), atol=1e-12)


def test_the_area_of_windows_costs_nothing():
    side = 10**9
    cells = window_mean(np.array([(0, 0, side, side), (5, 5, side, 1)]), np.ones(2), 2 * side, side)
    assert cells.values.shape == (3, 4)
    assert np.nanmax(cells.values) == np.nanmin(cells.values) == 1


def test_the_order_of_windows_does_not_matter():
    windows = np.array([(0, 0, 4, 4), (2, 2, 4, 4), (1, 3, 2, 2)])
    scores = np.array([0.1, 0.5, -0.3])
    one, other = window_mean(windows, scores, 6, 6), window_mean(windows[::-1], scores[::-1], 6, 6)
    np.testing.assert_allclose(one.values, other.values, atol=1e-15)


@pytest.mark.parametrize(
    ('window', 'score', 'message'),
    [
        ((3, 0, 2, 2), 1.0, r'window \(3, 0, 2, 2\) must be .* inside 4 x 3 pixels'),
        ((0, 2, 1, 2), 1.0, 'inside 4 x 3'),
        ((-1, 0, 2, 2), 1.0, 'inside'),
        ((0, 0, 0, 2), 1.0, 'inside'),
        ((0, 0, 2, 2), np.nan, 'not finite'),
    ],
)
def test_refuses_what_is_no_window(window, score, message):
    with pytest.raises(ValueError, match=message):
        window_mean(np.array([window]), np.array([score]), 4, 3)
    with pytest.raises(ValueError, match='1 windows have scores of shape'):
        window_mean(np.array([(0, 0, 1, 1)]), np.zeros(2), 4, 3)
