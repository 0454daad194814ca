"""Recall in both directions, the same for any number of processes."""

from collections.abc import Sequence
from typing import Any

from mmengine.device import get_device
from mmengine.dist import broadcast_object_list, gather_object, is_main_process
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from pir_mm.functional.ranks import Standing
from pir_mm.functional.recall import (
    TOPK,
    check_rules,
    median_rank,
    recall_of_standing,
    standing_from_embeddings,
)
from pir_mm.registry import METRICS
from pir_mm.structures.embedded_set import EmbeddedSample, EmbeddedSet


@METRICS.register_module()
class RetrievalEvaluator(BaseMetric):
    """Recall at K of captions for pictures (i2t) and of pictures for captions (t2i).

    Reports ``i2t/R@K``, ``t2i/R@K``, their mean ``mR``, ``i2t/medR`` and ``t2i/medR``, as defined
    in :mod:`pir_mm.functional.recall`. The gallery of a picture is every caption of the set, with
    repeats. Pictures and texts are told apart by their ids, so that neither the order of samples
    nor the padding of a sampler nor the number of processes changes a number.

    Each sample, a dict or a ``DataSample``, holds ``image_id``; ``scene``, a label or -1;
    ``image_embedding`` (D,); ``text_embedding`` (m, D) of the distinct texts ``text_id`` that were
    encoded along with it, m may be 0; and ``caption_id``, the texts of all its captions.

    Args:
        topk: values of K.
        ties: what becomes of equal scores, as in ``retrieval_recall``. If there are any, the range
            of mR between favour and disfavour is logged.
        by_scene: also report ``scene/<name>/mR``, of the queries of one scene against the whole
            gallery, and log a table of their recalls.
        chunk: scores are held in tiles of ``chunk`` by ``chunk``; chosen by device if not given.
        prefix: goes before every key.

    Raises:
        ValueError: if an argument is not as said; on evaluation, on every process, if pictures
            are missing or without caption, a caption was not encoded, or an embedding is not
            finite.
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
        check_rules(topk, ties)
        self.topk = tuple(topk)
        self.ties = ties
        self.by_scene = by_scene
        self.chunk = chunk

    def process(self, data_batch: Any, data_samples: Sequence[Any]) -> None:
        """Keep what is needed of each sample, in memory and float32."""
        samples = (s if isinstance(s, dict) else s.to_dict() for s in data_samples)
        self.results.extend(map(EmbeddedSample.of, samples))

    def evaluate(self, size: int) -> dict[str, float]:
        """Metrics of the samples of all processes, on all processes.

        mmengine's own collection cuts what it gathered to ``size``, which loses samples under some
        samplers. Here everything is gathered, and ``size``, the length of the dataset, is a check.
        """
        parts = gather_object(self.results)
        self.results = []
        outcome: list[Any] = [None]
        if is_main_process():
            samples = [sample for part in parts for sample in part]
            # Raised here alone, it would leave the other processes waiting.
            try:
                outcome = [self._checked_metrics(samples, size)]
            except Exception as error:
                outcome = [error]
        broadcast_object_list(outcome)
        if isinstance(outcome[0], Exception):
            raise outcome[0]
        prefix = f'{self.prefix}/' if self.prefix else ''
        return {prefix + key: value for key, value in outcome[0].items()}

    def _checked_metrics(self, samples: list[EmbeddedSample], size: int) -> dict[str, float]:
        pictures = len({sample.image_id for sample in samples})
        if pictures < size:
            raise ValueError(
                f'{pictures} pictures, told apart by image_id, came from a dataset of {size} '
                'samples: give every sample an id of its own and evaluate all of them'
            )
        return self.compute_metrics(samples)

    def compute_metrics(self, results: list[EmbeddedSample]) -> dict[str, float]:
        """Metrics of samples in any order, with repeats or without."""
        joined = EmbeddedSet.join(results)
        device = get_device()
        to_text, to_image = standing_from_embeddings(
            joined.image.to(device), joined.text.to(device), joined.image_of_text, self.chunk
        )
        metrics = recall_of_standing(to_text, to_image, self.topk, self.ties)
        for way, standing in (('i2t', to_text), ('t2i', to_image)):
            metrics[f'{way}/medR'] = median_rank(standing, self.ties)
        self._log_tie_range(to_text, to_image)
        if self.by_scene:
            metrics |= self._by_scene(to_text, to_image, joined)
        return metrics

    def _log_tie_range(self, to_text: Standing, to_image: Standing) -> None:
        if to_text.tied.any() or to_image.tied.any():
            least, greatest = (
                recall_of_standing(to_text, to_image, self.topk, ties)['mR']
                for ties in ('pessimistic', 'optimistic')
            )
            print_log(
                f'Equal scores: mR is {least:.2f} if ties count against, {greatest:.2f} if in '
                f'favour; reported with ties={self.ties!r}',
                logger='current',
            )

    def _by_scene(
        self, to_text: Standing, to_image: Standing, joined: EmbeddedSet
    ) -> dict[str, float]:
        names = (self.dataset_meta or {}).get('scenes', ())
        scene_of_text = joined.scene[joined.image_of_text]
        table = {}
        for scene in joined.scene.unique().tolist():
            name = names[scene] if 0 <= scene < len(names) else f'scene {scene}'
            image, text = joined.scene == scene, scene_of_text == scene
            recall = recall_of_standing(to_text[image], to_image[text], self.topk, self.ties)
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
