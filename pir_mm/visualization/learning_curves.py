"""Losses and recalls of training runs, as curves in small panels."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from pir_mm.visualization.figure_file import INK, PAGE_WIDTH, QUIET, RULE

# The palette of Okabe and Ito without its yellow, which paper swallows.
COLOURS = ('#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000')
DASHES = ('-', (0, (4, 1.5)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)), (0, (8, 2)))
# A validation that stands alone shows no dashes.
MARKS = tuple({'marker': 'o', 'markersize': 3.5, 'fillstyle': fill} for fill in ('full', 'none'))
RECALL = re.compile(r'(i2t|t2i)/R@(\d+)')
WAYS = {'i2t': 'image to text', 't2i': 'text to image'}
COLUMNS = 3

Records = Mapping[int, Mapping[str, float]]


@dataclass(frozen=True)
class Curves:
    """What is drawn of one run: records by step, of training and of validation."""

    name: str
    training: Records
    validation: Records


def draw_learning_curves(runs: Sequence[Curves], step_name: str = 'epoch') -> Figure:
    """Draw the losses by iteration, mR and R@K by ``step_name``; a colour is a run.

    In a panel that shows more than one quantity the dashes, and filled or hollow markers, tell
    which.

    Args:
        runs: one or several, drawn in this order.
        step_name: what validation is counted by.

    Raises:
        ValueError: if the runs hold neither losses nor recalls.
    """
    panels = _panels(runs)
    if not panels:
        raise ValueError('the runs hold neither a loss nor a recall')
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    named = len(runs) > 1
    size = (PAGE_WIDTH * columns / COLUMNS, 2.0 * rows + 0.2 * named)
    figure = Figure(size, layout='constrained')
    places = figure.subplots(rows, columns, squeeze=False).flatten()
    for axes, (title, lines) in zip(places, panels.items(), strict=False):
        of_training = title == 'loss'
        marks = [{}] * len(DASHES) if of_training else MARKS
        for run, colour in zip(runs, _colours(len(runs)), strict=True):
            records = run.training if of_training else run.validation
            for key, dash, mark in zip(lines, DASHES, marks, strict=False):
                _line(axes, records, key, colour, linestyle=dash, **mark)
        _dress(axes, title, 'iteration' if of_training else step_name)
        if len(lines) > 1:
            _tell_styles(axes, list(lines.values()), marks)
    for axes in places[len(panels) :]:
        axes.set_visible(False)
    if named:
        entries = [
            Line2D([], [], color=colour, label=run.name)
            for run, colour in zip(runs, _colours(len(runs)), strict=True)
        ]
        figure.legend(
            handles=entries, loc='outside upper center', ncols=min(3, len(runs)), fontsize=7,
            frameon=False,
        )  # fmt: skip
    return figure


def _panels(runs: Sequence[Curves]) -> dict[str, dict[str, str]]:
    """Panels by title: keys of the records that they show, and what these are called."""
    trained = {key for run in runs for line in run.training.values() for key in line}
    tested = {key for run in runs for line in run.validation.values() for key in line}
    losses = sorted(key for key in trained if key.startswith('loss_'))
    panels = {}
    if 'loss' in trained:
        parts = {key: key.removeprefix('loss_') for key in losses[: len(DASHES) - 1]}
        panels['loss'] = {'loss': 'sum', **parts} if len(losses) > 1 else {'loss': 'loss'}
    if 'mR' in tested:
        panels['mR'] = {'mR': 'mR'}
    found = [match for match in map(RECALL.fullmatch, tested) if match]
    for k in sorted({int(match[2]) for match in found}):
        keys = {f'{way}/R@{k}': words for way, words in WAYS.items() if f'{way}/R@{k}' in tested}
        panels[f'R@{k}'] = keys
    return panels


def _colours(count: int) -> list[str]:
    return [COLOURS[number % len(COLOURS)] for number in range(count)]


def _line(axes: Axes, records: Records, key: str, colour: str, **style) -> None:
    steps = [step for step, line in records.items() if key in line]
    values = [records[step][key] for step in steps]
    axes.plot(steps, values, color=colour, linewidth=1.1, **style)


def _dress(axes: Axes, title: str, below: str) -> None:
    axes.set_title(f'{title}, percent' if title != 'loss' else title, fontsize=8, loc='left')
    axes.set_xlabel(below, fontsize=7)
    axes.tick_params(labelsize=7, color=RULE)
    axes.update_datalim([(0, 0)])  # from here the margin above is counted, for one value too
    axes.margins(y=0.06)
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(MaxNLocator('auto', integer=True))
    axes.grid(color=RULE, linewidth=0.5)
    for side in ('top', 'right'):
        axes.spines[side].set_visible(False)
    for side in ('bottom', 'left'):
        axes.spines[side].set_color(QUIET)


def _tell_styles(axes: Axes, words: Sequence[str], marks: Sequence[Mapping]) -> None:
    entries = [
        Line2D([], [], color=INK, linewidth=1.1, linestyle=dash, label=word, **mark)
        for word, dash, mark in zip(words, DASHES, marks, strict=False)
    ]
    axes.legend(handles=entries, fontsize=6.5, frameon=False, handlelength=2.6)
