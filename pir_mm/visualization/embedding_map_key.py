"""What stands beside and below a map of embeddings: who is who, and the worst pairs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from pir_mm.visualization.picture_file import INK, PAGE_WIDTH, QUIET, RULE

ZONE, EDGE = '#f3d9b1', '#b3731a'
LINE = 0.17  # inches


@dataclass(frozen=True, eq=False)
class Confusion:
    """How pictures and scenes are confused.

    Args:
        neighbours: of a picture that were looked at.
        foreign: ``(N,)`` share of a picture's neighbours that are of another scene.
        pairs: of scenes, most confused first, with their confusion from 0 to 1.
        weights: for each pair ``(N,)``, how much each picture takes part in it.
    """

    neighbours: int
    foreign: np.ndarray
    pairs: Sequence[tuple[int, int, float]]
    weights: Sequence[np.ndarray]


def add_legend(axes: Axes, entries: list, columns: int) -> None:
    axes.legend(
        handles=entries, loc='upper left', bbox_to_anchor=(1.01, 1.005), ncols=columns,
        fontsize=7, frameon=False, handletextpad=0.2, labelspacing=0.35, columnspacing=1.0,
    )  # fmt: skip


def explain(figure: Figure, foot: float, with_texts: bool) -> None:
    width, height = figure.get_size_inches()
    entries = [
        Patch(facecolor=ZONE, edgecolor=EDGE, linewidth=0.7, label='confusion zone: most '
              'neighbours are of another scene'),
        Line2D([], [], linestyle='', marker='o', color=RULE, markeredgecolor=INK, markersize=5,
               markeredgewidth=0.8, label='a picture of which that is true'),
    ]  # fmt: skip
    if with_texts:
        dot = {'linestyle': '', 'marker': '.', 'markersize': 4, 'color': QUIET}
        entries.append(Line2D([], [], label='a caption', **dot))
    figure.legend(
        handles=entries, loc='upper left', bbox_to_anchor=(0.0, (foot - 0.02) / height), ncols=3,
        fontsize=7, frameon=False, handlelength=1.2, columnspacing=1.2, borderaxespad=0.3,
    )  # fmt: skip


def list_pairs(figure: Figure, names: Sequence[str], confusion: Confusion, foot: float) -> None:
    """At the bottom, in two columns, the pairs by their numbers."""
    if not confusion.pairs:
        return
    width, height = figure.get_size_inches()
    rows = -(-len(confusion.pairs) // 2)

    def write(x: float, row: float, text: str, **style) -> None:
        y = foot - 0.38 - LINE * row
        figure.text(x / width, y / height, text, va='center', **{'fontsize': 7.5, **style})

    heading = (
        'most confused scenes, with the share that one has among the '
        f'{confusion.neighbours} nearest neighbours of the other'
    )
    write(0.1, 0, heading, fontsize=7, color=QUIET)
    for number, (a, b, share) in enumerate(confusion.pairs):
        column, row = divmod(number, rows)
        left = 0.1 + column * PAGE_WIDTH / 2
        write(left, row + 1.05, f'{number + 1}', weight='bold', color=INK)
        write(left + 0.18, row + 1.05, f'{names[a]} – {names[b]}', color=INK)
        write(left + 3.2, row + 1.05, f'{100 * share:.0f} %', color=QUIET, ha='right')
