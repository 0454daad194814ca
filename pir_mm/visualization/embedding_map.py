"""Embeddings as a map: scenes by colour, confusion by shade, the worst pairs by number."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from pir_mm.visualization.figure_file import INK, PAGE_WIDTH, QUIET, RULE

GRID = 240
PRIOR = 1.5  # points without effect that every place has: zones end where there are no points
# The muted scheme of Paul Tol without its olive; colour-blind readers can tell it apart.
COLOURS = (
    '#332288', '#cc6677', '#44aa99', '#ddaa33', '#882255', '#88ccee', '#117733', '#aa4499',
)  # fmt: skip
MARKERS = 'os^DvPX*'
ZONE, EDGE = '#f3d9b1', '#b3731a'
LINE = 0.17  # inches
ROWS = 34  # of the legend, as many as stand beside the map
MAP = 5.1  # inches, its width


@dataclass(frozen=True, eq=False)
class Confusion:
    """How pictures and scenes are confused.

    Args:
        neighbours: number of nearest neighbours that were counted per image.
        foreign: ``(N,)`` share of the neighbours of each image that have another scene.
        pairs: of scenes, most confused first, with their confusion from 0 to 1.
        weights: for each pair ``(N,)``, how much each image contributes to it.
    """

    neighbours: int
    foreign: np.ndarray
    pairs: Sequence[tuple[int, int, float]]
    weights: Sequence[np.ndarray]


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


def _window(points: np.ndarray, least: float) -> tuple[tuple[np.ndarray, np.ndarray], float]:
    """Limits that hold all points, and the height in inches that gives both axes one scale."""
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.04 * (high - low).max() or 1.0  # all in one place
    width, height = high - low + 2 * margin
    inches = float(np.clip(MAP * height / width, least, max(least, 1.1 * MAP)))
    scale = max(width / MAP, height / inches)
    middle, half = (low + high) / 2, scale * np.array([MAP, inches]) / 2
    return (middle - half, middle + half), inches


def _frame(axes: Axes) -> None:
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(color=RULE, linewidth=0.8)


def _shade(axes: Axes, points: np.ndarray, foreign: np.ndarray, reach: float) -> None:
    x, y, mean = smooth_share(points, foreign, reach)
    if mean.max() > 0.5:
        axes.contourf(x, y, mean, levels=[0.5, 1.01], colors=[ZONE], alpha=0.6)
        axes.contour(x, y, mean, levels=[0.5], colors=[EDGE], linewidths=0.7)


def smooth_share(
    points: np.ndarray, share: np.ndarray, reach: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean of a value over the points around each grid cell; it falls to 0 far from all points.

    Args:
        points: ``(N, 2)``.
        share: ``(N,)`` value of each point.
        reach: standard deviation of the Gaussian that weighs points.

    Returns:
        ``x`` and ``y`` (240,) of a grid with a margin, and the mean ``(240, 240)``, row by row.
    """
    low, high = points.min(axis=0) - 4 * reach, points.max(axis=0) + 4 * reach
    x, y = (np.linspace(low[axis], high[axis], GRID) for axis in (0, 1))
    kernel_x, kernel_y = (
        np.exp(-((grid[:, None] - points[None, :, axis]) ** 2) / (2 * reach**2))
        for axis, grid in enumerate((x, y))
    )
    mean = (kernel_y * share) @ kernel_x.T / (kernel_y @ kernel_x.T + PRIOR)
    return x, y, mean


def place_badges(
    points: np.ndarray, weights: list[np.ndarray], reach: float, apart: float
) -> list[np.ndarray]:
    """For each weighting of the points, the point around which the weight is densest.

    Args:
        points: ``(N, 2)``.
        weights: arrays ``(N,)``, none all zero; badges are placed in this order.
        reach: standard deviation of the density.
        apart: distance that a badge keeps from earlier badges, if some weighted point is that
            far away; else the farthest weighted point is taken.

    Returns:
        One position ``(2,)`` for each weighting.
    """
    kernel = np.exp(-_squared(points[:, None], points[None]) / (2 * reach**2))
    badges: list[np.ndarray] = []
    for weight in weights:
        score = np.where(weight > 0, kernel @ weight, -np.inf)
        if badges:
            room = np.sqrt(_squared(points[:, None], np.stack(badges)[None])).min(axis=1)
            crowded = (room < apart) & (weight > 0)
            score[crowded] = room[crowded] - apart  # below any density
        badges.append(points[score.argmax()])
    return badges


def _squared(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return ((a - b) ** 2).sum(axis=-1)


def add_legend(axes: Axes, entries: list, columns: int) -> None:
    axes.legend(
        handles=entries, loc='upper left', bbox_to_anchor=(1.01, 1.005), ncols=columns,
        fontsize=7, frameon=False, handletextpad=0.2, labelspacing=0.35, columnspacing=1.0,
    )  # fmt: skip


def legend_columns(names: Sequence[str], rows: int) -> int:
    """Columns for which a legend is at most ``rows`` high."""
    return max(1, -(-len(names) // rows))


def legend_entry(label: int, name: str, size: float = 5) -> Line2D:
    """The entry of a scene in a legend."""
    colour, marker = scene_style(label)
    return Line2D(
        [], [], linestyle='', color=colour, marker=marker, markersize=size, label=name,
        markeredgecolor='white', markeredgewidth=0.4,
    )  # fmt: skip


def scene_style(label: int) -> tuple[str, str]:
    """Colour and marker of a label: colours run first, so that neighbours differ in colour."""
    return COLOURS[label % len(COLOURS)], MARKERS[label // len(COLOURS) % len(MARKERS)]


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
