"""A sheet of rankings after each validation, to see what the numbers mean."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.dist import all_gather_object, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement

from pir_mm.registry import HOOKS, VISUALIZERS
from pir_mm.structures.ranking import Ranking


@HOOKS.register_module()
class RankingSheetHook(Hook):
    """Draws the best results of a few queries in both directions, right and wrong marked.

    The same pictures are asked for at each validation, so that sheets of different epochs can be
    laid side by side: each once by one of its captions, and each once as the query. The gallery is
    the whole split, over all processes. A result is right if picture and caption belong together.

    Writes ``sheets/epoch_N.png`` and, after a test, ``sheets/test.png`` in the work directory.

    Args:
        queries: rows per direction; a split of fewer pictures gives all of them.
        top_k: results per query.
        seed: of the choice of queries.

    Raises:
        ValueError: if ``queries`` or ``top_k`` is below 1.
    """

    def __init__(self, queries: int = 6, top_k: int = 5, seed: int = 0) -> None:
        if queries < 1 or top_k < 1:
            raise ValueError(f'queries and top_k must be at least 1, got {queries} and {top_k}')
        self.queries = queries
        self.top_k = top_k
        self.seed = seed
        self._clear()

    def before_val_epoch(self, runner: Runner) -> None:
        self._clear()

    def before_test_epoch(self, runner: Runner) -> None:
        self._clear()

    def after_val_iter(
        self, runner: Runner, batch_idx: int, data_batch=None, outputs: Sequence | None = None
    ) -> None:
        """Keep the embeddings of a batch, on the CPU."""
        for sample in outputs:
            self._collect(sample)

    after_test_iter = after_val_iter

    def after_val_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        self._draw(runner, f'epoch {runner.epoch}', f'epoch_{runner.epoch}.png')

    def after_test_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        self._draw(runner, 'test', 'test.png')

    def _clear(self) -> None:
        self._pictures: dict[int, tuple[np.ndarray, str, list[int]]] = {}
        self._captions: dict[int, tuple[np.ndarray, str]] = {}

    def _collect(self, sample: BaseDataElement) -> None:
        vector = _to_numpy(sample.image_embedding)
        own = [int(i) for i in sample.caption_id]
        self._pictures[int(sample.image_id)] = (vector, sample.img_path, own)
        vectors = _to_numpy(sample.text_embedding)
        for i, text, vector in zip(sample.text_id, sample.text, vectors, strict=True):
            self._captions[int(i)] = (vector, text)

    def _draw(self, runner: Runner, moment: str, name: str) -> None:
        shares = all_gather_object((self._pictures, self._captions))
        self._clear()
        if not is_main_process():
            return
        pictures, captions = (_joined(parts) for parts in zip(*shares, strict=True))
        path = Path(runner.work_dir) / 'sheets' / name
        self._sheet(pictures, captions, moment).save(path)
        runner.logger.info(f'The best results of {moment} are on {path}')

    def _sheet(self, pictures: dict, captions: dict, moment: str):
        image = np.stack([vector for vector, _, _ in pictures.values()])
        text = np.stack([vector for vector, _ in captions.values()])
        column = {caption: number for number, caption in enumerate(captions)}
        belongs = np.zeros((len(image), len(text)), dtype=bool)
        for row, (_, _, own) in enumerate(pictures.values()):
            belongs[row, [column[caption] for caption in own if caption in column]] = True

        paths = [Path(path) for _, path, _ in pictures.values()]
        sentences = [sentence for _, sentence in captions.values()]
        draw = np.random.default_rng(self.seed)
        described = np.flatnonzero(belongs.any(axis=1))
        count = min(self.queries, len(described))
        rows = np.sort(draw.choice(described, count, replace=False))
        asked = [int(draw.choice(np.flatnonzero(belongs[row]))) for row in rows]

        sheet = VISUALIZERS.build({'type': 'pir_mm.RankingSheet'})
        best = Ranking.from_scores(text[asked] @ image.T, self.top_k)
        sheet.add(
            f'Text to image, {moment}, {len(paths)} pictures',
            [sentences[column] for column in asked],
            best,
            paths,
            np.take_along_axis(belongs.T[asked], best.ids, axis=1),
        )
        best = Ranking.from_scores(image[rows] @ text.T, self.top_k)
        sheet.add(
            f'Image to text, {moment}, {len(sentences)} sentences',
            [paths[row] for row in rows],
            best,
            sentences,
            np.take_along_axis(belongs[rows], best.ids, axis=1),
        )
        return sheet


def _joined(shares: Sequence[dict[int, tuple]]) -> dict[int, tuple]:
    """What several processes saw, by id: padding falls together, the order is that of the ids."""
    joined = {key: value for share in shares for key, value in share.items()}
    return dict(sorted(joined.items(), key=lambda pair: pair[0]))


def _to_numpy(vectors: torch.Tensor) -> np.ndarray:
    return vectors.detach().float().cpu().numpy()
