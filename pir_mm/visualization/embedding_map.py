"""Embeddings as a map: scenes by colour, confusion by shade, the worst pairs by number."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pir_mm.visualization.confusion_zones import place_badges, smooth_share
from pir_mm.visualization.embedding_map_key import (
    EDGE,
    LINE,
    ZONE,
    Confusion,
    add_legend,
    explain,
    list_pairs,
)
from pir_mm.visualization.picture_file import INK, PAGE_WIDTH, RULE
from pir_mm.visualization.scene_style import legend_columns, legend_entry, scene_style

ROWS = 34  # of the legend, as many as stand beside the map
MAP = 5.1  # inches, its width


def draw_embedding_map(
    points: np.ndarray,
    scene: np.ndarray,
    names: Sequence[str],
    confusion: Confusion,
    text_points: np.ndarray | None = None,
    text_scene: np.ndarray | None = None,
) -> Figure:
    """Draw pictures as markers, captions as dots of the same colour, if given.

    Shaded is where most neighbours of most pictures are of another scene; a ringed picture is
    itself one of which that is true. A number marks where a confused pair of scenes meets.

    Args:
        points: ``(N, 2)``.
        scene: ``(N,)`` labels from 0.
        names: of the labels; those without a picture are not shown.
        confusion: of the same pictures.
        text_points: ``(M, 2)``.
        text_scene: ``(M,)``.
    """
    present = np.unique(scene).tolist()
    columns = legend_columns(present, ROWS)
    every = points if text_points is None else np.concatenate([points, text_points])
    least = 0.9 + 0.128 * min(len(present), ROWS)  # the height of the legend
    (low, high), height = _window(every, least)
    foot = 0.45 + LINE * (1 + -(-len(confusion.pairs) // 2))
    size = (PAGE_WIDTH + 1.25 * (columns - 1), height + foot)
    figure = Figure(size)
    place = (0.05 / size[0], foot / size[1], (MAP - 0.1) / size[0], (height - 0.05) / size[1])
    axes = figure.add_axes(place, xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    reach = 0.02 * float((high - low)[0])
    _shade(axes, points, confusion.foreign, reach)
    if text_points is not None:
        for label in present:
            x, y = text_points[text_scene == label].T
            axes.scatter(x, y, s=2.5, color=scene_style(label)[0], alpha=0.45, linewidth=0)
    mostly = confusion.foreign > 0.5
    for label in present:
        colour, marker = scene_style(label)
        for chosen, edge, width in ((~mostly, 'white', 0.3), (mostly, INK, 0.6)):
            x, y = points[(scene == label) & chosen].T
            style = {'marker': marker, 'color': colour, 'edgecolor': edge, 'linewidth': width}
            axes.scatter(x, y, s=16 if marker != '*' else 30, **style)
    places = place_badges(points, list(confusion.weights), reach, apart=2.1 * reach)
    for number, at in enumerate(places, start=1):
        box = {'boxstyle': 'circle,pad=0.25', 'facecolor': 'white', 'edgecolor': INK}
        axes.text(*at, number, fontsize=7.5, weight='bold', ha='center', va='center', bbox=box)
    _frame(axes)
    add_legend(axes, [legend_entry(label, names[label]) for label in present], columns)
    explain(figure, foot, text_points is not None)
    list_pairs(figure, names, confusion, foot)
    return figure


def _shade(axes: Axes, points: np.ndarray, foreign: np.ndarray, reach: float) -> None:
    x, y, mean = smooth_share(points, foreign, reach)
    if mean.max() > 0.5:
        axes.contourf(x, y, mean, levels=[0.5, 1.01], colors=[ZONE], alpha=0.6)
        axes.contour(x, y, mean, levels=[0.5], colors=[EDGE], linewidths=0.7)


def _frame(axes: Axes) -> None:
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(color=RULE, linewidth=0.8)


def _window(points: np.ndarray, least: float) -> tuple[tuple[np.ndarray, np.ndarray], float]:
    """Limits that hold all points, and the height in inches that gives both axes one scale."""
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.04 * (high - low).max() or 1.0  # all in one place
    width, height = high - low + 2 * margin
    inches = float(np.clip(MAP * height / width, least, max(least, 1.1 * MAP)))
    scale = max(width / MAP, height / inches)
    middle, half = (low + high) / 2, scale * np.array([MAP, inches]) / 2
    return (middle - half, middle + half), inches
