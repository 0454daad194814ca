"""A table of runs as Markdown and JSON."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

import torch
from torch import Tensor

from pir_mm.functional.intervals import interval, mean_recall, resampled_weights

RECALLS = tuple(f'{way}/R@{k}' for way in ('i2t', 't2i') for k in (1, 5, 10))


@dataclass(frozen=True)
class TableRow:
    """What the runs of one config come to.

    Args:
        name: of the config.
        seeds: of the runs.
        recall: mean of each recall and of ``mR``, percent.
        deviation: of mR over seeds; None with fewer than two.
        interval: 95 % of mR over test pictures, seeds averaged.
        difference: of mR to the baseline, mean over the seeds that both have; None for itself.
        difference_interval: of that, 95 % over test pictures, both rows on the same draws.
        difference_deviation: of that over seeds; None with fewer than two.
        without: mean mR without the pictures left out; None if none were.
        minutes: mean of training.
        parameters: all and trained.
    """

    name: str
    seeds: list[int]
    recall: dict[str, float]
    deviation: float | None
    interval: tuple[float, float]
    difference: float | None
    difference_interval: tuple[float, float] | None
    difference_deviation: float | None
    without: float | None
    minutes: float | None
    parameters: dict[str, int]


def make_row(results: Sequence[dict], baseline: Sequence[dict] | None) -> TableRow:
    """Summarise the runs of one config.

    Args:
        results: of its seeds, as :func:`pir_mm.apis.tables.run.measure` gives them.
        baseline: those of the config to compare with; None for the baseline itself.

    Raises:
        ValueError: if the runs were not measured on the same pictures, or not with one config.
    """
    if len({result['config_digest'] for result in results}) > 1:
        raise ValueError(f'{results[0]["config"]}: its seeds were measured with different configs')
    other = {result['seed']: result for result in baseline or ()}
    if len({(r['data_digest'], r['pictures']) for r in (*results, *other.values())}) > 1:
        raise ValueError(f'{results[0]["config"]}: its runs were measured on different data')
    scores = [result['metrics']['mR'] for result in results]
    weights = resampled_weights(results[0]['pictures'])
    shared = [result for result in results if result['seed'] in other]
    difference = difference_interval = differences = None
    if shared:
        pairs = [(result, other[result['seed']]) for result in shared]
        differences = [a['metrics']['mR'] - b['metrics']['mR'] for a, b in pairs]
        ours, theirs = (_resampled([pair[i] for pair in pairs], weights) for i in (0, 1))
        difference, difference_interval = fmean(differences), interval(ours - theirs)
    without = [r['metrics_without']['mR'] for r in results if 'metrics_without' in r]
    minutes = [result['minutes'] for result in results if result['minutes'] is not None]
    return TableRow(
        name=Path(results[0]['config']).stem,
        seeds=[result['seed'] for result in results],
        recall={k: fmean(r['metrics'][k] for r in results) for k in (*RECALLS, 'mR')},
        deviation=_deviation(scores),
        interval=interval(_resampled(results, weights)),
        difference=difference,
        difference_interval=difference_interval,
        difference_deviation=_deviation(differences or []),
        without=fmean(without) if len(without) == len(results) else None,
        minutes=fmean(minutes) if minutes else None,
        parameters=results[0]['parameters'],
    )


def _resampled(results: Sequence[dict], weights: Tensor) -> Tensor:
    hits = torch.stack([torch.tensor(r['hits'], dtype=torch.float64) for r in results]).mean(dim=0)
    captions = torch.tensor(results[0]['captions_per_picture'], dtype=torch.float64).unsqueeze(1)
    half = hits.size(1) // 2
    queries = torch.cat([torch.ones_like(captions).expand(-1, half), captions.expand(-1, half)], 1)
    return mean_recall(hits, queries, weights)


def _deviation(values: Sequence[float]) -> float | None:
    return stdev(values) if len(values) > 1 else None


def render_table(rows: Sequence[TableRow], results: Sequence[dict], command: str) -> str:
    """Markdown of the table, and of all that it takes to make it again."""
    head = ['config', 'seeds', *(k.replace('/', ' ') for k in RECALLS), 'mR', '95 % over pictures']
    head += ['difference of mR', '95 % over pictures']
    left_out = [r['left_out']['pictures'] for r in results if 'left_out' in r]
    if left_out:
        head.append(f'mR without {left_out[0]} pictures that have copies')
    head += ['minutes', 'parameters (trained)']
    lines = ['| ' + ' | '.join(head) + ' |', '|---' * len(head) + '|']
    for row in rows:
        cells = [f'`{row.name}`', str(len(row.seeds))]
        cells += [f'{row.recall[key]:.2f}' for key in RECALLS]
        cells += [_with_deviation(row.recall['mR'], row.deviation), _range(row.interval)]
        if row.difference is None:
            cells += ['', '']
        else:
            cells.append(_with_deviation(row.difference, row.difference_deviation, sign='+'))
            cells.append(_range(row.difference_interval, sign='+'))
        if left_out:
            cells.append('' if row.without is None else f'{row.without:.2f}')
        cells.append('' if row.minutes is None else f'{row.minutes:.1f}')
        millions = (row.parameters[kind] / 1e6 for kind in ('all', 'trained'))
        cells.append('{:.1f} M ({:.1f} M)'.format(*millions))
        lines.append('| ' + ' | '.join(cells) + ' |')
    ceiling = results[0]['ceiling']
    lines += [
        '',
        f'Ceiling of this test set, whose captions repeat: t2i R@1 {ceiling["t2i/R@1"]:.2f}, R@5 '
        f'{ceiling["t2i/R@5"]:.2f}, R@10 {ceiling["t2i/R@10"]:.2f}, mR {ceiling["mR"]:.2f}. '
        f'{results[0]["pictures"]} pictures, {results[0]["captions"]} captions. ± is the standard '
        'deviation over seeds; intervals are bootstraps over test pictures, seeds averaged.',
        '',
        f'`{command}`; seeds {_joined(r["seed"] for r in results)}; commit '
        f'{_joined(r["commit"] for r in results)}; {_joined(r["hardware"] for r in results)}; '
        f'torch {_joined(r["versions"]["torch"] for r in results)}; data '
        f'{_joined(r["data_digest"] for r in results)}; weights '
        f'{_joined(f"{p} {d}" for r in results for p, d in r["weights"].items()) or "none"}.',
    ]
    return '\n'.join(lines) + '\n'


def write_table(out: Path, rows: Sequence[TableRow], results: Sequence[dict], command: str) -> None:
    """Write ``out`` with the suffixes ``.md`` and ``.json``."""
    out.parent.mkdir(parents=True, exist_ok=True)
    content = {
        '.md': render_table(rows, results, command),
        '.json': json.dumps([vars(row) for row in rows], indent=1) + '\n',
    }
    for suffix, text in content.items():
        temporary = out.with_name(f'.{out.name}{suffix}.{os.getpid()}')
        temporary.write_text(text)
        os.replace(temporary, out.with_name(out.name + suffix))


def _with_deviation(value: float, deviation: float | None, sign: str = '') -> str:
    shown = f'{value:{sign}.2f}'
    return shown if deviation is None else f'{shown} ± {deviation:.2f}'


def _range(ends: tuple[float, float], sign: str = '') -> str:
    return f'{ends[0]:{sign}.2f} to {ends[1]:{sign}.2f}'


def _joined(values) -> str:
    return ', '.join(map(str, dict.fromkeys(values)))
