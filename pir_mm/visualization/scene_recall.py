"""Recall per scene as bars, both ways side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pir_mm.visualization.figure_file import INK, PAGE_WIDTH, QUIET, RULE


@dataclass(frozen=True, eq=False)
class Direction:
    """Recall of one direction, all in percent.

    Args:
        title: above its bars.
        recall: ``(S,)``.
        lower: ``(S,)`` end of the interval.
        upper: ``(S,)``.
        overall: of the whole split.
        colour: of the bars.
    """

    title: str
    recall: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    overall: float
    colour: str


def draw_scene_recall(
    names: Sequence[str], pictures: Sequence[int], directions: Sequence[Direction], note: str
) -> Figure:
    """Draw a row per scene, in the order given, and a panel per direction.

    Args:
        names: of the ``S`` scenes.
        pictures: number of pictures of each.
        directions: with the whiskers of their intervals; the dashed line is their whole split.
        note: a line at the bottom.
    """
    height = 0.75 + 0.175 * len(names)
    figure = Figure((PAGE_WIDTH, height), layout='constrained')
    panels = figure.subplots(1, len(directions), sharey=True, squeeze=False)[0]
    most = max(direction.upper.max() for direction in directions)
    for axes, direction in zip(panels, directions, strict=True):
        _bars(axes, direction)
        axes.set_xlim(0, min(100.0, 1.04 * most) or 1.0)
        axes.set_ylim(len(names) - 0.4, -0.6)
    labels = [f'{name} ({count})' for name, count in zip(names, pictures, strict=True)]
    panels[0].set_yticks(range(len(names)), labels, fontsize=7)
    figure.supxlabel(note, fontsize=7, color=QUIET)
    return figure


def _bars(axes: Axes, direction: Direction) -> None:
    rows = np.arange(len(direction.recall))
    axes.axvline(direction.overall, color=INK, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    axes.barh(rows, direction.recall, height=0.68, color=direction.colour, zorder=2)
    axes.hlines(rows, direction.lower, direction.upper, color=INK, linewidth=0.8, zorder=3)
    axes.set_title(direction.title, fontsize=8, loc='left')
    axes.set_xlabel('percent', fontsize=7)
    axes.tick_params(axis='x', labelsize=7)
    axes.tick_params(axis='y', length=0)
    axes.grid(axis='x', color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ('top', 'right', 'left'):
        axes.spines[side].set_visible(False)
    axes.spines['bottom'].set_color(RULE)
