"""What the runs of one config come to: means, deviations, intervals, differences."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

import torch
from torch import Tensor

from pir_mm.functional.recall_resampling import interval, mean_recall, resampled_weights

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
        results: of its seeds, as :func:`pir_mm.apis.run_measuring.measure` gives them.
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
