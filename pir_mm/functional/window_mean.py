"""The mean over overlapping windows at each pixel, without a pass over the pixels."""

from typing import NamedTuple

import numpy as np


class CellMeans(NamedTuple):
    """A map that is constant on the cells of a grid of uneven lines.

    Args:
        columns: ``(C + 1,)`` edges of the cells in pixels, ascending, from 0 to the width.
        rows: ``(R + 1,)`` likewise, from 0 to the height.
        values: ``(R, C)`` float64, NaN where no window lies.
    """

    columns: np.ndarray
    rows: np.ndarray
    values: np.ndarray


def window_mean(windows: np.ndarray, scores: np.ndarray, width: int, height: int) -> CellMeans:
    """Spread the score of each window over its pixels: a pixel has the mean of its windows.

    Between two neighbouring edges of windows all pixels have the same windows, so one value per
    cell is enough. Each window changes four corners of a table of differences, whose running sums
    (Crow, *Summed-area tables for texture mapping*, SIGGRAPH 1984, read backwards) are the sum of
    scores and the number of windows in each cell. The cost depends on neither the area of the
    windows nor the number of pixels.

    Args:
        windows: ``(n, 4)`` whole numbers: column, row, width and height, inside the picture.
        scores: ``(n,)``, one for each window.
        width: of the picture in pixels.
        height: likewise.

    Raises:
        ValueError: if a window is empty or not inside, if the lengths differ, or if a score is not
            finite.
    """
    windows = np.asarray(windows, dtype=np.int64).reshape(-1, 4)
    scores = np.asarray(scores, dtype=np.float64)
    if scores.shape != (len(windows),):
        raise ValueError(f'{len(windows)} windows have scores of shape {scores.shape}')
    if not np.isfinite(scores).all():
        raise ValueError('a score of a window is not finite')
    left, top = windows[:, 0], windows[:, 1]
    right, bottom = left + windows[:, 2], top + windows[:, 3]
    fits = (0 <= left) & (left < right) & (right <= width)
    fits &= (0 <= top) & (top < bottom) & (bottom <= height)
    if not fits.all():
        raise ValueError(
            f'window {tuple(windows[~fits][0].tolist())} must be (column, row, width, height) '
            f'inside {width} x {height} pixels'
        )
    columns = np.unique(np.concatenate([[0, width], left, right]))
    rows = np.unique(np.concatenate([[0, height], top, bottom]))
    total = np.zeros((len(rows), len(columns)))
    number = np.zeros((len(rows), len(columns)), dtype=np.int64)
    for y, row_sign in ((top, 1), (bottom, -1)):
        for x, column_sign in ((left, 1), (right, -1)):
            corner = np.searchsorted(rows, y), np.searchsorted(columns, x)
            np.add.at(total, corner, row_sign * column_sign * scores)
            np.add.at(number, corner, row_sign * column_sign)
    total, number = (part.cumsum(axis=0).cumsum(axis=1)[:-1, :-1] for part in (total, number))
    means = np.where(number > 0, total / np.maximum(number, 1), np.nan)
    return CellMeans(columns, rows, means)
