"""A picture or raster with the heat map of a sentence over it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from pir_mm.visualization.figure_file import INK, PAGE_WIDTH, QUIET
from pir_mm.visualization.grid_overlay import lay_over
from pir_mm.visualization.text_block import wrap
from pir_mm.visualization.typefaces import font

TALLEST = 9.0  # inches
HOT, TRUTH = '#ff3b1f', '#ffffff'
TITLE_SIZE, LINES = 8, 3
BAR_SHARE = 0.2  # of the width that a scale bar has at most


@dataclass(frozen=True, eq=False)
class HeatPicture:
    """What is drawn.

    Args:
        text: the sentence.
        picture: ``(H, W, 3)`` uint8 RGB, maybe smaller than the raster.
        values: ``(H, W)`` similarity at its pixels, NaN where nothing is known.
        hottest: column and row of the greatest value, in pixels of ``picture``.
        pixel_m: metres on the ground of a pixel's width; ``None`` without a place.
        outlines: corners ``(V, 2)`` of true regions, in pixels of ``picture``.
        caption: a line below.
    """

    text: str
    picture: np.ndarray
    values: np.ndarray
    hottest: tuple[float, float]
    pixel_m: float | None = None
    outlines: Sequence[np.ndarray] = ()
    caption: str = ''


def draw_heat(shown: HeatPicture) -> Figure:
    """Draw the picture in grey, the similarity as colours over it, and what they mean.

    A ring marks the hottest place, white lines the true regions, and a bar a length on the ground.
    """
    height, width = shown.picture.shape[:2]
    inches = min(PAGE_WIDTH - 0.8, TALLEST * width / height)
    lines = wrap(shown.text, font(TITLE_SIZE), 72 * inches, LINES)
    size = (inches + 0.8, inches * height / width + 0.16 * len(lines) + 0.3)
    figure = Figure(size, layout='constrained')
    axes = figure.subplots()
    norm = Normalize(np.nanmin(shown.values), np.nanmax(shown.values))
    lay_over(axes, shown.picture, np.ma.masked_invalid(shown.values), norm)
    bar = figure.colorbar(axes.images[-1], ax=axes, fraction=0.04, pad=0.015)
    bar.solids.set_alpha(1)
    bar.ax.tick_params(labelsize=6, length=2, pad=1)
    bar.outline.set_linewidth(0.4)
    bar.set_label('mean similarity of the windows', fontsize=6.5, color=QUIET)
    for outline in shown.outlines:
        closed = np.vstack([outline, outline[:1]])
        axes.plot(*closed.T, color=INK, linewidth=2.0)
        axes.plot(*closed.T, color=TRUTH, linewidth=1.0)
    axes.plot(*shown.hottest, marker='o', markersize=9, fillstyle='none', color=HOT, mew=1.4)
    axes.set(xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[])
    axes.set_title('\n'.join(lines), fontsize=TITLE_SIZE, loc='left', pad=4, color=INK)
    axes.set_xlabel(shown.caption, fontsize=6.5, color=QUIET, loc='left', labelpad=3)
    if shown.pixel_m is not None:
        _scale_bar(axes, width, height, shown.pixel_m)
    return figure


def _scale_bar(axes: Axes, width: int, height: int, pixel_m: float) -> None:
    metres = round_length(BAR_SHARE * width * pixel_m)
    length = metres / pixel_m
    edge, thick = 0.025 * width, max(0.008 * width, 1)
    top = height - edge - thick
    frame = {'edgecolor': INK, 'linewidth': 0.6}
    for part, colour in enumerate((INK, 'white')):
        corner = (edge + part * length / 2, top)
        axes.add_patch(Rectangle(corner, length / 2, thick, facecolor=colour, **frame))
    words = f'{metres / 1000:g} km' if metres >= 1000 else f'{metres:g} m'
    box = {'facecolor': 'white', 'edgecolor': 'none', 'alpha': 0.75, 'pad': 1.2}
    axes.text(edge, top - edge / 2, words, fontsize=6.5, color=INK, va='bottom', bbox=box)


def round_length(metres: float) -> float:
    """The greatest 1, 2 or 5 times a power of ten that is not above ``metres``."""
    power = 10.0 ** math.floor(math.log10(metres))
    return max(digit for digit in (1, 2, 5) if digit * power <= metres * (1 + 1e-9)) * power
