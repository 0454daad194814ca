"""The table of all runs: a row per config, written as Markdown and JSON."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

import torch
from torch import Tensor

from pir_mm.files.writing import write_text
from pir_mm.functional.intervals import bootstrap_weights, mean_recall, percentile_interval

RECALLS = tuple(f'{way}/R@{k}' for way in ('i2t', 't2i') for k in (1, 5, 10))


@dataclass(frozen=True)
class TableRow:
    """Summary of the runs of one config.

    Args:
        name: stem of the config.
        seeds: seeds of the runs.
        recall: mean of each recall and of ``mR``, in percent.
        deviation: standard deviation of mR over seeds; None with fewer than two seeds.
        interval: 95 % interval of mR over test pictures, seeds averaged.
        difference: mR minus the baseline's mR, mean over the seeds that both have; None for the
            baseline itself.
        difference_interval: 95 % interval of the difference over test pictures. Both rows are
            resampled with the same draws.
        difference_deviation: standard deviation of the difference over seeds; None with fewer
            than two seeds.
        of_filter: mean mR of the filter alone; None if the rows are not cascades.
        gain_interval: 95 % interval of mR minus that, over test pictures.
        without: mean mR without the pictures that were left out; None if none were.
        minutes: mean time of training.
        parameters: number of ``all`` and of ``trained`` parameters.
    """

    name: str
    seeds: list[int]
    recall: dict[str, float]
    deviation: float | None
    interval: tuple[float, float]
    difference: float | None
    difference_interval: tuple[float, float] | None
    difference_deviation: float | None
    of_filter: float | None
    gain_interval: tuple[float, float] | None
    without: float | None
    minutes: float | None
    parameters: dict[str, int]


def make_row(results: Sequence[dict], baseline: Sequence[dict] | None) -> TableRow:
    """Summarise the runs of one config.

    Args:
        results: one result per seed, as :func:`pir_mm.apis.tables.measure` returns them.
        baseline: results of the config to compare with; None for the baseline itself.

    Raises:
        ValueError: if the runs were measured on different pictures or with different configs.
    """
    baseline_runs = {result['seed']: result for result in baseline or ()}
    _check_comparable(results, baseline_runs)
    weights = bootstrap_weights(results[0]['pictures'])
    pairs = [(r, baseline_runs[r['seed']]) for r in results if r['seed'] in baseline_runs]
    differences = [run['metrics']['mR'] - base['metrics']['mR'] for run, base in pairs]
    difference_interval = None
    if pairs:
        runs, bases = ([pair[i] for pair in pairs] for i in (0, 1))
        difference_interval = percentile_interval(
            _resampled(runs, weights) - _resampled(bases, weights)
        )
    filters = [{**r, **r['cascade']['filter']} for r in results if 'filter' in r.get('cascade', ())]
    gain_interval = None
    if filters:
        gain_interval = percentile_interval(
            _resampled(results, weights) - _resampled(filters, weights)
        )
    without = [r['metrics_without']['mR'] for r in results if 'metrics_without' in r]
    minutes = [result['minutes'] for result in results if result['minutes'] is not None]
    return TableRow(
        name=Path(results[0]['config']).stem,
        seeds=[result['seed'] for result in results],
        recall={k: fmean(r['metrics'][k] for r in results) for k in (*RECALLS, 'mR')},
        deviation=_deviation([result['metrics']['mR'] for result in results]),
        interval=percentile_interval(_resampled(results, weights)),
        difference=fmean(differences) if differences else None,
        difference_interval=difference_interval,
        difference_deviation=_deviation(differences),
        of_filter=fmean(r['metrics']['mR'] for r in filters) if filters else None,
        gain_interval=gain_interval,
        without=fmean(without) if len(without) == len(results) else None,
        minutes=fmean(minutes) if minutes else None,
        parameters=results[0]['parameters'],
    )


def _check_comparable(results: Sequence[dict], baseline_runs: dict[int, dict]) -> None:
    config = results[0]['config']
    if len({result['config_digest'] for result in results}) > 1:
        raise ValueError(f'{config}: its seeds were measured with different configs')
    if len({(r['data_digest'], r['pictures']) for r in (*results, *baseline_runs.values())}) > 1:
        raise ValueError(f'{config}: its runs were measured on different data')


def _resampled(results: Sequence[dict], weights: Tensor) -> Tensor:
    """mR of the mean of some runs, once for each row of ``weights`` over the pictures."""
    hits = torch.stack([torch.tensor(r['hits'], dtype=torch.float64) for r in results]).mean(dim=0)
    captions = torch.tensor(results[0]['captions_per_picture'], dtype=torch.float64).unsqueeze(1)
    half = hits.size(1) // 2
    queries = torch.cat([torch.ones_like(captions).expand(-1, half), captions.expand(-1, half)], 1)
    return mean_recall(hits, queries, weights)


def _deviation(values: Sequence[float]) -> float | None:
    return stdev(values) if len(values) > 1 else None


def render_table(rows: Sequence[TableRow], results: Sequence[dict], command: str) -> str:
    """Render the table as Markdown, with all that is needed to make it again.

    Args:
        rows: rows of the table.
        results: results of all runs in it.
        command: command that made the table.
    """
    left_out = [r['left_out']['pictures'] for r in results if 'left_out' in r]
    head = ['config', 'seeds', *(k.replace('/', ' ') for k in RECALLS), 'mR', '95 % over pictures']
    head += ['difference of mR', '95 % over pictures']
    has_filter = any(row.of_filter is not None for row in rows)
    if has_filter:
        head += ['mR of the filter alone', 'gain, 95 % over pictures']
    if left_out:
        head.append(f'mR without {left_out[0]} pictures that have copies')
    head += ['minutes', 'parameters (trained)']
    lines = ['| ' + ' | '.join(head) + ' |', '|---' * len(head) + '|']
    lines += ['| ' + ' | '.join(_cells(row, has_filter, bool(left_out))) + ' |' for row in rows]
    return '\n'.join([*lines, '', _ceiling(results[0]), '', _origin(results, command)]) + '\n'


def _cells(row: TableRow, with_filter: bool, with_left_out: bool) -> list[str]:
    cells = [f'`{row.name}`', str(len(row.seeds))]
    cells += [f'{row.recall[key]:.2f}' for key in RECALLS]
    cells += [_with_deviation(row.recall['mR'], row.deviation), _range(row.interval)]
    if row.difference is None:
        cells += ['', '']
    else:
        cells.append(_with_deviation(row.difference, row.difference_deviation, sign='+'))
        cells.append(_range(row.difference_interval, sign='+'))
    if with_filter:
        known = row.of_filter is not None
        cells.append(f'{row.of_filter:.2f}' if known else '')
        cells.append(_range(row.gain_interval, sign='+') if known else '')
    if with_left_out:
        cells.append('' if row.without is None else f'{row.without:.2f}')
    cells.append('' if row.minutes is None else f'{row.minutes:.1f}')
    millions = (row.parameters[kind] / 1e6 for kind in ('all', 'trained'))
    cells.append('{:.1f} M ({:.1f} M)'.format(*millions))
    return cells


def _ceiling(result: dict) -> str:
    ceiling = result['ceiling']
    return (
        f'Ceiling of this test set, whose captions repeat: t2i R@1 {ceiling["t2i/R@1"]:.2f}, R@5 '
        f'{ceiling["t2i/R@5"]:.2f}, R@10 {ceiling["t2i/R@10"]:.2f}, mR {ceiling["mR"]:.2f}. '
        f'{result["pictures"]} pictures, {result["captions"]} captions. ± is the standard '
        'deviation over seeds; intervals are bootstraps over test pictures, seeds averaged.'
    )


def _origin(results: Sequence[dict], command: str) -> str:
    weights = (f'{path} {d}' for result in results for path, d in result['weights'].items())
    return (
        f'`{command}`; seeds {_joined(r["seed"] for r in results)}; commit '
        f'{_joined(r["commit"] for r in results)}; {_joined(r["hardware"] for r in results)}; '
        f'torch {_joined(r["versions"]["torch"] for r in results)}; data '
        f'{_joined(r["data_digest"] for r in results)}; weights {_joined(weights) or "none"}.'
    )


def write_table(out: Path, rows: Sequence[TableRow], results: Sequence[dict], command: str) -> None:
    """Write the table to ``out`` with the suffixes ``.md`` and ``.json``."""
    out.parent.mkdir(parents=True, exist_ok=True)
    content = {
        '.md': render_table(rows, results, command),
        '.json': json.dumps([vars(row) for row in rows], indent=1) + '\n',
    }
    for suffix, text in content.items():
        write_text(out.with_name(out.name + suffix), text)


def _with_deviation(value: float, deviation: float | None, sign: str = '') -> str:
    text = f'{value:{sign}.2f}'
    return text if deviation is None else f'{text} ± {deviation:.2f}'


def _range(ends: tuple[float, float], sign: str = '') -> str:
    return f'{ends[0]:{sign}.2f} to {ends[1]:{sign}.2f}'


def _joined(values: Iterable) -> str:
    """Each distinct value once, in order."""
    return ', '.join(map(str, dict.fromkeys(values)))
