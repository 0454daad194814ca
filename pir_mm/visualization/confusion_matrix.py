"""Which class is taken for which, as a matrix."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from pir_mm.visualization.figure_file import INK, PAGE_WIDTH, QUIET


def draw_confusion(names: Sequence[str], counts: np.ndarray) -> Figure:
    """Draw the share of each true class, a row, that is taken for each class, a column.

    A number stands in a cell from 1 percent of its row on, as long as the cells have room.

    Args:
        names: of the ``C`` classes.
        counts: ``(C, C)`` pictures, true classes are rows; each has one at least.
    """
    share = 100 * counts / counts.sum(axis=1, keepdims=True)
    side = min(PAGE_WIDTH, 2.2 + 0.24 * len(names))
    figure = Figure((side, side * 0.98), layout='constrained')
    axes = figure.subplots()
    axes.imshow(share, cmap='Blues', vmin=0, vmax=100)
    size = max(3.5, min(7, 190 / len(names)))
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=size)
    axes.set_yticks(range(len(names)), names, fontsize=size)
    axes.tick_params(length=0)
    axes.set_xlabel('taken for', fontsize=8, color=QUIET)
    axes.set_ylabel('is', fontsize=8, color=QUIET)
    for side in axes.spines.values():
        side.set_visible(False)
    if len(names) <= 45:
        for row, column in np.argwhere(share >= 1):
            value = share[row, column]
            colour = 'white' if value > 55 else INK
            axes.text(
                column, row, f'{value:.0f}', ha='center', va='center', fontsize=size * 0.8,
                color=colour,
            )  # fmt: skip
    return figure
