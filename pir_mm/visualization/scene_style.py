"""A look for each of many scenes: few colours that everyone can tell apart, times markers."""

from collections.abc import Sequence

from matplotlib.lines import Line2D

# The muted scheme of Paul Tol, distinct also to the colour-blind, but for its olive.
COLOURS = (
    '#332288', '#cc6677', '#44aa99', '#ddaa33', '#882255', '#88ccee', '#117733', '#aa4499',
)  # fmt: skip
MARKERS = 'os^DvPX*'


def scene_style(label: int) -> tuple[str, str]:
    """Colour and marker of a label: colours run first, so that neighbours differ in colour."""
    return COLOURS[label % len(COLOURS)], MARKERS[label // len(COLOURS) % len(MARKERS)]


def legend_entry(label: int, name: str, size: float = 5) -> Line2D:
    """What stands for a scene in a legend."""
    colour, marker = scene_style(label)
    return Line2D(
        [], [], linestyle='', color=colour, marker=marker, markersize=size, label=name,
        markeredgecolor='white', markeredgewidth=0.4,
    )  # fmt: skip


def legend_columns(names: Sequence[str], rows: int) -> int:
    """Columns for which a legend is at most ``rows`` high."""
    return max(1, -(-len(names) // rows))
