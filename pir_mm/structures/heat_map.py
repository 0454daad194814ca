"""How well each place of a picture fits a sentence, as a value."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class HeatMap:
    """A value for each pixel, constant on the cells of a grid of uneven lines.

    A raster of any size has a small map: its memory is that of the cells.

    Args:
        columns: ``(C + 1,)`` edges of the cells in pixels, ascending, from 0 to the width.
        rows: ``(R + 1,)`` likewise, from 0 to the height.
        values: ``(R, C)``, NaN where nothing is known.

    Raises:
        ValueError: if edges are no such numbers, if shapes differ, if a value is infinite, or if
            nothing is known anywhere.
    """

    columns: np.ndarray
    rows: np.ndarray
    values: np.ndarray

    def __post_init__(self) -> None:
        for name, edges in (('columns', self.columns), ('rows', self.rows)):
            if edges.ndim != 1 or len(edges) < 2 or edges[0] != 0 or (np.diff(edges) <= 0).any():
                raise ValueError(f'{name} of a heat map must ascend from 0, got {edges}')
        if self.values.shape != (len(self.rows) - 1, len(self.columns) - 1):
            raise ValueError(
                f'a heat map of {len(self.rows) - 1} x {len(self.columns) - 1} cells has values '
                f'{self.values.shape}'
            )
        if np.isinf(self.values).any() or np.isnan(self.values).all():
            raise ValueError('a heat map needs finite values, or NaN for some cells')

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return int(self.columns[-1]), int(self.rows[-1])

    @property
    def range(self) -> tuple[float, float]:
        """The least and the greatest value."""
        return float(np.nanmin(self.values)), float(np.nanmax(self.values))

    @property
    def hottest(self) -> tuple[float, float]:
        """Column and row of the middle of the cell with the greatest value, the first of equals."""
        row, column = np.unravel_index(np.nanargmax(self.values), self.values.shape)
        return (
            float(self.columns[column : column + 2].mean()),
            float(self.rows[row : row + 2].mean()),
        )

    def pixels(
        self,
        window: tuple[int, int, int, int] | None = None,
        size: tuple[int, int] | None = None,
    ) -> np.ndarray:
        """The values of a window's pixels.

        Args:
            window: ``(column, row, width, height)``; the whole by default.
            size: width and height to sample it at, in the middles of larger pixels.

        Returns:
            ``(h, w)`` float32.
        """
        column, row, width, height = window or (0, 0, *self.size)
        shown = size or (width, height)
        across = _cells(self.columns, column, width, shown[0])
        down = _cells(self.rows, row, height, shown[1])
        return self.values[down][:, across].astype(np.float32)


def _cells(edges: np.ndarray, start: int, length: int, number: int) -> np.ndarray:
    """Numbers of the cells in which the middles of ``number`` equal parts of a stretch lie."""
    middles = start + (np.arange(number) + 0.5) * (length / number)
    return np.searchsorted(edges, middles, side='right') - 1
