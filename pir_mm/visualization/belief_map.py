"""Pictures with the belief of a prior over them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from pir_mm.visualization.figure_file import PAGE_WIDTH, QUIET
from pir_mm.visualization.grid_overlay import lay_over
from pir_mm.visualization.text_block import shorten
from pir_mm.visualization.typefaces import font

KEPT = '#ff3b1f'
PAIRS = 2  # pictures in a row, each plain and with its belief


@dataclass(frozen=True, eq=False)
class PictureBelief:
    """One picture's belief on a grid of tokens, rows from the top.

    Args:
        name: of the picture.
        picture: ``(H, W, 3)`` uint8 RGB.
        belief: ``(rows, columns)``; with the global token's it sums to 1.
        kept: ``(rows, columns)`` booleans.
        weight: ``(rows, columns)``, by what the tokens are scaled.
        global_belief: of the global token.
        global_kept: whether that is kept.
        global_weight: by what that is scaled.
        strategy: ``hard``, ``soft`` or ``none``.
    """

    name: str
    picture: np.ndarray
    belief: np.ndarray
    kept: np.ndarray
    weight: np.ndarray
    global_belief: float
    global_kept: bool
    global_weight: float
    strategy: str

    @property
    def shown(self) -> np.ndarray:
        """What the colours mean: the weight where tokens are weighed, else the belief."""
        return self.weight if self.strategy == 'soft' else self.belief

    @property
    def caption(self) -> str:
        """What the picture cannot show: the global token, and how many were kept."""
        share = f'{self.global_belief:.3f}' if self.global_belief >= 0.0005 else '< 0.001'
        words = f'global token: belief {share}'
        if self.strategy == 'soft':
            return f'{words}, weight {self.global_weight:.2f}'
        if self.strategy == 'hard':
            count = int(self.kept.sum()) + self.global_kept
            words += f', {"kept" if self.global_kept else "left out"}; '
            words += f'{count} of {self.kept.size + 1} kept'
        return words


def draw_beliefs(beliefs: Sequence[PictureBelief]) -> Figure:
    """Draw each picture twice: as it is, and in grey below its belief, kept cells framed.

    Every picture has its own range of colours, from 0: beliefs of different pictures may differ
    by orders, and what is asked is where one picture's belief lies. Colours go by the square root,
    as a few tokens tend to take nearly all.

    Raises:
        ValueError: if there is none.
    """
    if not beliefs:
        raise ValueError('there is no picture to draw')
    pairs = min(PAIRS, len(beliefs))
    rows = -(-len(beliefs) // pairs)
    figure = Figure((PAGE_WIDTH / PAIRS * pairs, 2.0 * rows + 0.05), layout='constrained')
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.04, wspace=0.01)
    places = figure.subplots(rows, 2 * pairs, squeeze=False).reshape(-1, 2)
    for (plain, over), belief in zip(places, beliefs, strict=False):
        plain.imshow(belief.picture)
        name = shorten(belief.name, font(8), 125, keep_end=10)
        plain.set_title(name, fontsize=7, loc='left', pad=3)
        _overlay(over, belief)
        bar = figure.colorbar(over.images[-1], ax=over, fraction=0.05, pad=0.02, aspect=18)
        bar.solids.set_alpha(1)
        bar.ax.tick_params(labelsize=5.5, length=2, pad=1)
        bar.outline.set_linewidth(0.4)
        plain.set_xlabel(belief.caption, fontsize=6.5, color=QUIET, loc='left', labelpad=3)
    for axes in places.flatten():
        axes.set(xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set_visible(False)
    for axes in places[len(beliefs) :].flatten():
        axes.set_visible(False)
    return figure


def _overlay(axes: Axes, belief: PictureBelief) -> None:
    height, width = belief.picture.shape[:2]
    norm = PowerNorm(0.5, vmin=0, vmax=float(belief.shown.max()))
    lay_over(axes, belief.picture, belief.shown, norm)
    what = 'weight' if belief.strategy == 'soft' else 'belief'
    axes.set_title(what, fontsize=7, loc='left', pad=3)
    if belief.strategy != 'hard':
        return
    rows, columns = belief.kept.shape
    cell = np.array([width / columns, height / rows])
    for row, column in np.argwhere(belief.kept):
        corner = cell * (column, row) + 0.03 * cell
        frame = {'fill': False, 'edgecolor': KEPT, 'linewidth': 1.4, 'joinstyle': 'miter'}
        axes.add_patch(Rectangle(corner, *(0.94 * cell), **frame))
