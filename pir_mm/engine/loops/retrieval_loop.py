"""Evaluation of retrieval: read a whole split, rank it, maybe re-rank it, then ask the metrics."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.evaluator import Evaluator
from mmengine.logging import print_log
from mmengine.runner import Runner, TestLoop, ValLoop
from torch import Tensor
from torch.utils.data import DataLoader

from pir_mm.engine.loops.cascade import Cascade, CascadeRanks
from pir_mm.engine.model_wrapping import unwrapped
from pir_mm.functional.ranks import QueryRanks
from pir_mm.functional.recall import ranks_from_embeddings, recall_from_ranks
from pir_mm.functional.score_tiles import Compare, inner_products
from pir_mm.registry import LOOPS
from pir_mm.structures.embedded_set import EmbeddedSample, EmbeddedSet, on_main_process

NEAR = 1.0
"""How far below full fusion the mR of a sufficient k may be."""


class RankingEvaluator(Evaluator):
    """Collects what a model gives for a split, ranks it once, and hands the ranks to every metric.

    Args:
        metrics: each with ``metrics_of(image_ranks, text_ranks, embedded)``, as
            ``RetrievalEvaluator`` has it.
        compare: scores of rows of images and of texts; by default their inner products.
        cascade: re-ranks the first k of each query. Its recalls have the usual names; those of the
            filter alone begin with ``filter/``, and with several k those of the smaller ones with
            ``k<k>/``. If the largest k is the whole gallery, ``sufficient_k`` is the smallest whose
            mR is at most 1 below that.

    Raises:
        ValueError: if a metric takes no ranks.
    """

    def __init__(
        self,
        metrics: Sequence,
        compare: Compare = inner_products,
        cascade: Cascade | None = None,
    ) -> None:
        super().__init__(list(metrics))
        for metric in self.metrics:
            if not hasattr(metric, 'metrics_of'):
                raise ValueError(
                    f'{type(metric).__name__} does not take ranks: use '
                    "type='pir_mm.RetrievalEvaluator', or a loop of mmengine"
                )
        self.compare = compare
        self.cascade = cascade
        self.cascade_ranks: CascadeRanks | None = None
        self.embedded: EmbeddedSet | None = None
        self._samples: list[EmbeddedSample] = []

    def process(self, data_samples: Sequence[Any], data_batch: Any = None) -> None:
        """Keep what the model gave for a batch."""
        if self.cascade is None:
            self._samples.extend(map(EmbeddedSample.of, data_samples))
        else:
            self.cascade.take(data_samples)

    def evaluate(self, size: int) -> dict[str, float]:
        """Metrics of the samples of all processes, the same on every process.

        Args:
            size: length of the dataset.
        """
        if self.cascade is not None:
            self.cascade_ranks = self.cascade.ranks(size, self._chunk)
            self.embedded = getattr(self.cascade_ranks, 'embedded', None)
            return on_main_process(self._metrics_of_cascade)
        samples, self._samples = self._samples, []
        self.embedded = EmbeddedSet.gather(samples, size)
        return on_main_process(lambda: self._metrics(self.ranks()))

    @torch.no_grad()
    def scores(self, direction: str, queries: Tensor) -> Tensor:
        """Scores ``(q, G)``, by which the last evaluation ranks some queries; on the main process.

        Args:
            direction: ``'i2t'``, where the gallery is all captions, or ``'t2i'``.
            queries: ``(q,)`` long, numbers of images or captions in the embedded set.
        """
        rows = {'i2t': self.embedded.image, 't2i': self.embedded.text}
        rows[direction] = rows[direction][queries]
        compare = self.compare if self.cascade is None else self.cascade.compare
        scores = compare(*(own.to(get_device()) for own in rows.values())).cpu()
        scores = scores if direction == 'i2t' else scores.T
        if self.cascade is None:
            return scores
        return self.cascade_ranks.scores(direction, queries, scores)

    @property
    def _chunk(self) -> int | None:
        return getattr(self.metrics[0], 'chunk', None)

    @torch.no_grad()
    def ranks(self) -> tuple[QueryRanks, QueryRanks]:
        """Ranks of images and of texts in the last evaluation; on the main process."""
        if self.cascade is not None:
            return self.cascade_ranks.by_k[max(self.cascade_ranks.by_k)]
        device, embedded = get_device(), self.embedded
        image, text = embedded.image.to(device), embedded.text.to(device)
        return ranks_from_embeddings(image, text, embedded.image_of_text, self._chunk, self.compare)

    def _metrics(self, ranks: tuple[QueryRanks, QueryRanks]) -> dict[str, float]:
        parts = [metric.metrics_of(*ranks, self.embedded) for metric in self.metrics]
        return {key: value for part in parts for key, value in part.items()}

    def _metrics_of_cascade(self) -> dict[str, float]:
        found = self.cascade_ranks
        *smaller, largest = found.by_k
        metrics = self._metrics(self.ranks())
        means = {k: self._recall(found.by_k[k]) for k in found.by_k}
        for k in smaller:
            metrics |= {f'k{k}/{key}': value for key, value in means[k].items()}
        if self.cascade.filters:
            metrics |= self._recall_of_filter(found)
        metrics |= {f'{stage}_ms': value for stage, value in found.milliseconds.items()}
        if found.is_full and smaller:
            wanted = means[largest]['mR'] - NEAR
            metrics['sufficient_k'] = min(k for k, own in means.items() if own['mR'] >= wanted)
        _log(metrics, largest, found)
        return metrics

    def _recall(self, ranks: tuple[QueryRanks, QueryRanks], topk: Sequence[int] = ()) -> dict:
        metric = self.metrics[0]
        return recall_from_ranks(*ranks, topk or metric.topk, metric.ties)

    def _recall_of_filter(self, found: CascadeRanks) -> dict[str, float]:
        """Recalls of the filter, and how many queries have a positive to re-rank."""
        ranks = tuple(side.ranks for side in found.filtered)
        reach = self._recall(ranks, tuple(found.by_k))
        del reach['mR']
        return {f'filter/{key}': value for key, value in (reach | self._recall(ranks)).items()}


def _log(metrics: Mapping[str, float], k: int, found: CascadeRanks) -> None:
    times = ', '.join(f'{stage} {value:.2f}' for stage, value in found.milliseconds.items())
    before = f'mR {metrics["filter/mR"]:.2f} by the filter; ' if 'filter/mR' in metrics else ''
    what = 'every pair' if found.is_full else f'the first {k} of each query'
    print_log(
        f'Cascade: {before}a fusion model read {what}; milliseconds of a query among all: {times}',
        logger='current',
    )


class _RankedLoop:
    """The part of both loops that differs from mmengine's."""

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader | dict,
        evaluator: Evaluator | dict | list,
        fp16: bool = False,
        cascade: dict | None = None,
    ) -> None:
        super().__init__(runner, dataloader, evaluator, fp16)
        model, loader = unwrapped(runner.model), self.dataloader
        if cascade is None and hasattr(model, 'match'):
            raise ValueError(
                f'{type(model).__name__} scores pairs and ranks what a filter has found: set '
                "val_cfg.cascade and test_cfg.cascade, such as dict(k='all')"
            )
        self.evaluator = RankingEvaluator(
            self.evaluator.metrics,
            getattr(model, 'compare', inner_products),
            cascade and Cascade(model, loader.dataset, loader.num_workers, **cascade),
        )

    @property
    def embedded(self) -> EmbeddedSet | None:
        """The embeddings of the last evaluation, on the main process; hooks read them."""
        return self.evaluator.embedded

    def scores(self, direction: str, queries: Tensor) -> Tensor:
        """Scores of some queries in the last evaluation, see :meth:`RankingEvaluator.scores`."""
        return self.evaluator.scores(direction, queries)


@LOOPS.register_module()
class RetrievalValLoop(_RankedLoop, ValLoop):
    """Validation of a retrieval model: mmengine's loop around a :class:`RankingEvaluator`.

    Args:
        runner, dataloader, evaluator, fp16: as in ``mmengine.runner.ValLoop``.
        cascade: ``k``, ``filter`` and ``reranker`` of a :class:`Cascade`, if there is one.
    """


@LOOPS.register_module()
class RetrievalTestLoop(_RankedLoop, TestLoop):
    """Test of a retrieval model: mmengine's loop around a :class:`RankingEvaluator`.

    Args:
        runner, dataloader, evaluator, fp16: as in ``mmengine.runner.TestLoop``.
        cascade: as in :class:`RetrievalValLoop`.
    """
