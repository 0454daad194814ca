"""Evaluation of retrieval: embed a whole split, rank it, maybe re-rank it, then ask the metrics."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.evaluator import Evaluator
from mmengine.runner import Runner, TestLoop, ValLoop
from torch.utils.data import DataLoader, Dataset

from pir_mm.functional.cascade import filter_both, reranked, rescore
from pir_mm.functional.ranks import PositivePairs, QueryRanks
from pir_mm.functional.recall import ranks_from_embeddings
from pir_mm.registry import LOOPS, MODELS
from pir_mm.structures.embedded_set import EmbeddedSample, EmbeddedSet, on_main_process


class RankingEvaluator(Evaluator):
    """Collects embeddings, ranks the whole split once, and hands the ranks to every metric.

    Args:
        metrics: each with ``metrics_of(image_ranks, text_ranks, embedded)``, as
            ``RetrievalEvaluator`` has it.
        dataset: of the split, for the scorer.
        rerank: ``dict(k=128, scorer=dict(type=...))`` re-ranks the first ``k`` of each query, in
            each direction its own. The scorer is built from MODELS. Before a ranking it gets
            ``prepare(dataset, embedded)``; then ``scorer(image_index, text_index)`` gives one score
            (P,) for each pair of rows of the embedded set.

    Raises:
        ValueError: if ``rerank`` has other keys, or a metric takes no ranks.
    """

    def __init__(self, metrics: Sequence, dataset: Dataset, rerank: dict | None = None) -> None:
        super().__init__(list(metrics))
        for metric in self.metrics:
            if not hasattr(metric, 'metrics_of'):
                raise ValueError(
                    f'{type(metric).__name__} does not take ranks: use '
                    "type='pir_mm.RetrievalEvaluator', or a loop of mmengine"
                )
        if rerank is not None and set(rerank) != {'k', 'scorer'}:
            raise ValueError(f'rerank must have the keys k and scorer, got {sorted(rerank)}')
        self.dataset = dataset
        self.rerank = rerank
        self.scorer = None if rerank is None else MODELS.build(rerank['scorer'])
        self.embedded: EmbeddedSet | None = None
        self._samples: list[EmbeddedSample] = []

    def process(self, data_samples: Sequence[Any], data_batch: Any = None) -> None:
        """Keep the embeddings of a batch."""
        self._samples.extend(map(EmbeddedSample.of, data_samples))

    def evaluate(self, size: int) -> dict[str, float]:
        """Metrics of the samples of all processes, the same on every process.

        Args:
            size: length of the dataset.
        """
        samples, self._samples = self._samples, []
        self.embedded = EmbeddedSet.gather(samples, size)
        return on_main_process(self._metrics)

    def _metrics(self) -> dict[str, float]:
        ranks = self._ranks(self.embedded)
        parts = [metric.metrics_of(*ranks, self.embedded) for metric in self.metrics]
        return {key: value for part in parts for key, value in part.items()}

    @torch.no_grad()
    def _ranks(self, embedded: EmbeddedSet) -> tuple[QueryRanks, QueryRanks]:
        device = get_device()
        image, text = embedded.image.to(device), embedded.text.to(device)
        chunk = getattr(self.metrics[0], 'chunk', None)
        if self.rerank is None:
            return ranks_from_embeddings(image, text, embedded.image_of_text, chunk)
        self.scorer.prepare(self.dataset, embedded)
        of_images, of_texts = filter_both(
            image, text, embedded.image_of_text, self.rerank['k'], chunk
        )
        image_scores = rescore(of_images.candidates, self.scorer)
        text_scores = rescore(of_texts.candidates, lambda text, image: self.scorer(image, text))
        pairs = PositivePairs.image_to_text(embedded.image_of_text)
        return (
            reranked(of_images, image_scores, pairs),
            reranked(of_texts, text_scores, pairs.reversed()),
        )


class _RankedLoop:
    """The part of both loops that differs from mmengine's."""

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader | dict,
        evaluator: Evaluator | dict | list,
        fp16: bool = False,
        rerank: dict | None = None,
    ) -> None:
        super().__init__(runner, dataloader, evaluator, fp16)
        dataset = self.dataloader.dataset
        self.evaluator = RankingEvaluator(self.evaluator.metrics, dataset, rerank)

    @property
    def embedded(self) -> EmbeddedSet | None:
        """The embeddings of the last evaluation, on the main process; hooks read them."""
        return self.evaluator.embedded


@LOOPS.register_module()
class RetrievalValLoop(_RankedLoop, ValLoop):
    """Validation of a retrieval model: mmengine's loop around a :class:`RankingEvaluator`.

    Args:
        runner, dataloader, evaluator, fp16: as in ``mmengine.runner.ValLoop``.
        rerank: as in :class:`RankingEvaluator`.
    """


@LOOPS.register_module()
class RetrievalTestLoop(_RankedLoop, TestLoop):
    """Test of a retrieval model: mmengine's loop around a :class:`RankingEvaluator`.

    Args:
        runner, dataloader, evaluator, fp16: as in ``mmengine.runner.TestLoop``.
        rerank: as in :class:`RankingEvaluator`.
    """
