"""Recall in both directions, the same for any number of processes."""

from collections.abc import Sequence
from typing import Any

from mmengine.device import get_device
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from pir_mm.functional.intervals import (
    bootstrap_weights,
    hits_per_image,
    mean_recall,
    percentile_interval,
)
from pir_mm.functional.ranks import QueryRanks
from pir_mm.functional.recall import (
    TOPK,
    chance_recall,
    check_topk_and_ties,
    median_rank,
    ranks_from_embeddings,
    recall_from_ranks,
)
from pir_mm.registry import METRICS
from pir_mm.structures.embedded_set import EmbeddedSample, EmbeddedSet, on_main_process

BOOTSTRAPPED = 5000
"""Most images of a set whose mR is logged with an interval; larger ones are certain enough."""


@METRICS.register_module()
class RetrievalEvaluator(BaseMetric):
    """Recall at K of captions for images (i2t) and of images for captions (t2i).

    Reports ``i2t/R@K``, ``t2i/R@K``, their mean ``mR``, ``i2t/medR`` and ``t2i/medR``, as defined
    in :mod:`pir_mm.functional.recall`. The gallery of an image is every caption of the set, with
    repeats. Images and texts are told apart by their ids, so neither the order of samples nor the
    padding of a sampler nor the number of processes changes a number.

    In a stock loop of mmengine it takes samples, dicts or ``DataSample``, with the fields of
    :class:`EmbeddedSample`: ``image_id``; ``scene``, a label or -1; ``image_embedding`` (D,);
    ``text_embedding`` (m, D) of the distinct texts ``text_id`` that were encoded with the image,
    m may be 0; and ``caption_id``, the texts of all its captions. ``RetrievalValLoop`` computes the
    ranks itself and asks for :meth:`metrics_of`.

    Args:
        topk: values of K.
        ties: the order of equal scores, as in ``retrieval_recall``. If there are any, the range of
            mR between favour and disfavour is logged.
        by_scene: also report ``scene/<name>/mR``, of the queries of one scene against the whole
            gallery, and log a table of their recalls.
        chunk: scores are held in tiles of ``chunk`` by ``chunk``; by default chosen by device.
        prefix: goes before every key.

    Raises:
        ValueError: if an argument is wrong; on evaluation, on every process, if images are missing
            or without caption, a caption was not encoded, or an embedding is not finite.
    """

    default_prefix = ''

    def __init__(
        self,
        topk: Sequence[int] = TOPK,
        ties: str = 'expected',
        by_scene: bool = False,
        chunk: int | None = None,
        prefix: str | None = None,
    ) -> None:
        super().__init__(prefix=prefix)
        check_topk_and_ties(topk, ties)
        self.topk = tuple(topk)
        self.ties = ties
        self.by_scene = by_scene
        self.chunk = chunk

    def process(self, data_batch: Any, data_samples: Sequence[Any]) -> None:
        """Keep what is needed of each sample, in memory and float32."""
        self.results.extend(map(EmbeddedSample.of, data_samples))

    def evaluate(self, size: int) -> dict[str, float]:
        """Metrics of the samples of all processes, on all processes.

        Args:
            size: length of the dataset.
        """
        samples, self.results = self.results, []
        embedded = EmbeddedSet.gather(samples, size)
        return on_main_process(lambda: self._metrics_of_set(embedded))

    def compute_metrics(self, results: list[EmbeddedSample]) -> dict[str, float]:
        """Metrics of samples in any order, with repeats or without."""
        return self._metrics_of_set(EmbeddedSet.join(results))

    def metrics_of(
        self, image_ranks: QueryRanks, text_ranks: QueryRanks, embedded: EmbeddedSet
    ) -> dict[str, float]:
        """Metrics from ranks that were computed elsewhere, with the prefix.

        Args:
            image_ranks: ranks of the ``N`` images of the set as queries.
            text_ranks: ranks of its ``M`` captions as queries.
            embedded: the set; only its scenes are looked at.
        """
        metrics = recall_from_ranks(image_ranks, text_ranks, self.topk, self.ties)
        for direction, ranks in (('i2t', image_ranks), ('t2i', text_ranks)):
            metrics[f'{direction}/medR'] = median_rank(ranks, self.ties)
        self._log_tie_range(image_ranks, text_ranks)
        self._log_worth(image_ranks, text_ranks, embedded, metrics['mR'])
        if self.by_scene:
            metrics |= self._by_scene(image_ranks, text_ranks, embedded)
        prefix = f'{self.prefix}/' if self.prefix else ''
        return {prefix + key: value for key, value in metrics.items()}

    def _metrics_of_set(self, embedded: EmbeddedSet) -> dict[str, float]:
        device = get_device()
        image, text = embedded.image.to(device), embedded.text.to(device)
        ranks = ranks_from_embeddings(image, text, embedded.image_of_text, self.chunk)
        return self.metrics_of(*ranks, embedded)

    def _log_tie_range(self, image_ranks: QueryRanks, text_ranks: QueryRanks) -> None:
        if not (image_ranks.tied.any() or text_ranks.tied.any()):
            return
        least, greatest = (
            recall_from_ranks(image_ranks, text_ranks, self.topk, ties)['mR']
            for ties in ('pessimistic', 'optimistic')
        )
        print_log(
            f'Equal scores: mR is {least:.2f} if ties count against, {greatest:.2f} if in '
            f'favour; reported with ties={self.ties!r}',
            logger='current',
        )

    def _log_worth(
        self,
        image_ranks: QueryRanks,
        text_ranks: QueryRanks,
        embedded: EmbeddedSet,
        mean: float,
    ) -> None:
        images, owner = len(embedded.image), embedded.image_of_text
        if images > BOOTSTRAPPED:
            return
        hits = hits_per_image(image_ranks, text_ranks, owner, self.topk, self.ties)
        weights = bootstrap_weights(images, samples=1000).to(hits[0].device)
        low, high = percentile_interval(mean_recall(*hits, weights))
        chance = chance_recall(owner, images, self.topk)['mR']
        print_log(
            f'mR {mean:.2f} of {images} pictures and {len(owner)} captions: with other pictures '
            f'it would be from {low:.2f} to {high:.2f} in 95 of 100 cases; chance gives '
            f'{chance:.2f}',
            logger='current',
        )

    def _by_scene(
        self, image_ranks: QueryRanks, text_ranks: QueryRanks, embedded: EmbeddedSet
    ) -> dict[str, float]:
        names = (self.dataset_meta or {}).get('scenes', ())
        scene_of_text = embedded.scene[embedded.image_of_text]
        table = {}
        for scene in embedded.scene.unique().tolist():
            name = names[scene] if 0 <= scene < len(names) else f'scene {scene}'
            image, text = embedded.scene == scene, scene_of_text == scene
            recall = recall_from_ranks(image_ranks[image], text_ranks[text], self.topk, self.ties)
            table['unlabelled' if scene < 0 else name] = (int(image.sum()), recall)
        print_log('\n' + _render(table), logger='current')
        return {f'scene/{name}/mR': recall['mR'] for name, (_, recall) in table.items()}


def _render(table: dict[str, tuple[int, dict[str, float]]]) -> str:
    columns = next(iter(table.values()))[1]
    width = max(len('scene'), *map(len, table))
    lines = [f'{"scene":{width}} pictures ' + ' '.join(f'{key:>8}' for key in columns)]
    for name, (pictures, recall) in table.items():
        lines.append(
            f'{name:{width}} {pictures:8} ' + ' '.join(f'{recall[key]:8.2f}' for key in columns)
        )
    return '\n'.join(lines)
