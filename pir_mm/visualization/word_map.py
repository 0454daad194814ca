"""Pictures with what each word of a sentence takes of them."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from pir_mm.visualization.figure_file import INK, PAGE_WIDTH, QUIET, RULE
from pir_mm.visualization.grid_overlay import COLOURS, lay_over
from pir_mm.visualization.text_block import shorten, wrap
from pir_mm.visualization.typefaces import font

COLUMNS = 8  # panels in a line, the plain picture among them; more go on below
LEAST_COLUMNS = 4  # so that titles have room
CELL = PAGE_WIDTH / COLUMNS  # inches
GAP = 0.06  # between panels
TALLEST = 1.5  # a panel's height over its width; a taller picture gets narrower
ABOVE, BELOW = 0.17, 0.15  # room for the word and for the caption of a panel
TITLE, LINE, SCALE = 0.24, 0.17, 0.42  # heights of a model's title, a line of text, the colours
# Tenths of a point in an inch, but for what a renderer adds: small letters are measured roughly.
FINE = 700
LEGEND = "share of the word's attention, mean of heads; pooled: of no place in the picture"


@dataclass(frozen=True, eq=False)
class WordMaps:
    """What the words of a sentence take of a picture in one layer of one model.

    Args:
        name: of the model.
        picture: ``(H, W, 3)`` uint8 RGB.
        words: ``W`` words.
        shares: ``(W, rows, columns)``, mean over the heads and over the pieces of a word.
        pooled: ``(W,)``, what goes to the pooled token; with the word's map it sums to 1.
        layer: counted from 1.
        layers: how many the model has.
        log_odds: of a match.
    """

    name: str
    picture: np.ndarray
    words: tuple[str, ...]
    shares: np.ndarray
    pooled: np.ndarray
    layer: int
    layers: int
    log_odds: float

    @property
    def probability(self) -> float:
        """Of a match."""
        return 0.5 + 0.5 * math.tanh(self.log_odds / 2)

    @property
    def score(self) -> str:
        return f'log odds {self.log_odds:+.2f}, probability {self.probability:.3f}'


def draw_words(text: str, models: Sequence[WordMaps]) -> Figure:
    """Draw the maps of each model below each other: the picture as it is, then a panel a word.

    All panels have one range of colours, from 0 to the largest share of any. Colours go by the
    square root, as a few cells tend to take much. Below each panel stands what goes to the pooled
    token, which is no place of the picture.

    Raises:
        ValueError: if there is no model.
    """
    if not models:
        raise ValueError('there are no words to draw')
    most = max(len(maps.words) for maps in models) + 1
    columns = min(max(most, LEAST_COLUMNS), COLUMNS)
    width = columns * CELL
    lines = wrap(text, font(80), (width - GAP) * FINE, lines=4)
    sections = [_Section(maps, columns) for maps in models]
    height = len(lines) * LINE + sum(section.height for section in sections) + SCALE + GAP
    page = _Page(Figure((width, height)), width, height)
    top = GAP
    for line in lines:
        page.write(GAP / 2, top, line, 8, INK)
        top += LINE
    norm = PowerNorm(0.5, vmin=0, vmax=max(float(maps.shares.max()) for maps in models))
    for section in sections:
        section.draw(page, top, norm)
        top += section.height
    page.draw_scale(top, norm)
    return page.figure


class _Page:
    """A figure on which places are inches from its top left corner."""

    def __init__(self, figure: Figure, width: float, height: float) -> None:
        self.figure, self.width, self.height = figure, width, height

    def write(self, x: float, y: float, text: str, size: int, colour: str, **style) -> None:
        place = (x / self.width, 1 - y / self.height)
        self.figure.text(*place, text, size=size, color=colour, va='top', parse_math=False, **style)

    def axes(self, x: float, y: float, width: float, height: float) -> Axes:
        left, bottom = x / self.width, 1 - (y + height) / self.height
        return self.figure.add_axes((left, bottom, width / self.width, height / self.height))

    def draw_scale(self, top: float, norm: PowerNorm) -> None:
        axes = self.axes(GAP, top + 0.05, 2 * CELL - 3 * GAP, 0.08)
        colours = ScalarMappable(norm, COLOURS)
        bar = self.figure.colorbar(colours, cax=axes, orientation='horizontal', alpha=0.7)
        labels = ['0', f'{norm.vmax / 4:.2g}', f'{norm.vmax:.2g}']
        bar.set_ticks([0, norm.vmax / 4, norm.vmax], labels=labels)
        bar.ax.tick_params(labelsize=6, length=2, pad=1)
        bar.outline.set_linewidth(0.4)
        left = 2 * CELL + GAP
        for number, line in enumerate(wrap(LEGEND, font(60), (self.width - left) * FINE, lines=3)):
            self.write(left, top + 0.03 + 0.11 * number, line, 6, QUIET)


class _Section:
    """The panels of one model, with its title."""

    def __init__(self, maps: WordMaps, columns: int) -> None:
        self.maps, self.columns = maps, columns
        height, width = maps.picture.shape[:2]
        self.side = CELL - GAP
        self.panel = self.side * min(height / width, TALLEST)
        self.line = ABOVE + self.panel + BELOW
        self.height = TITLE + self.line * -(-(len(maps.words) + 1) // columns)

    def draw(self, page: _Page, top: float, norm: PowerNorm) -> None:
        maps = self.maps
        room = (page.width - GAP) * FINE
        place = f', layer {maps.layer} of {maps.layers}: {maps.score}'
        title = shorten(maps.name + place, font(80, 'bold'), room, keep_end=len(place))
        page.write(GAP / 2, top + 0.07, title, 8, INK, weight='bold')
        places = self._places(top + TITLE)
        self._panel(page, next(places), 'picture', '').imshow(maps.picture)
        for word, shares, pooled, at in zip(
            maps.words, maps.shares, maps.pooled, places, strict=False
        ):
            axes = self._panel(page, at, word, _caption(pooled))
            lay_over(axes, maps.picture, shares, norm)

    def _places(self, top: float) -> Iterator[tuple[float, float]]:
        for number in range(len(self.maps.words) + 1):
            line, column = divmod(number, self.columns)
            yield GAP / 2 + column * CELL, top + line * self.line

    def _panel(self, page: _Page, at: tuple[float, float], word: str, caption: str) -> Axes:
        x, y = at
        page.write(x, y + 0.03, shorten(word, font(70), self.side * FINE), 7, INK)
        page.write(x, y + ABOVE + self.panel + 0.02, caption, 6, QUIET)
        axes = page.axes(x, y + ABOVE, self.side, self.panel)
        axes.set(xticks=[], yticks=[], anchor='W')
        for spine in axes.spines.values():
            spine.set(color=RULE, linewidth=0.4)
        return axes


def _caption(pooled: float) -> str:
    return f'pooled {pooled:.2f}' if pooled >= 0.005 else 'pooled < 0.01'
