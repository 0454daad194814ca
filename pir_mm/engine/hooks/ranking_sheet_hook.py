"""A sheet of rankings after each validation, to see what the numbers mean."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop
from torch import Tensor

from pir_mm.registry import HOOKS, VISUALIZERS
from pir_mm.structures.ranking import Ranking


@HOOKS.register_module()
class RankingSheetHook(Hook):
    """Draw the best results of a few queries in both directions, right and wrong marked.

    The same images are drawn at each validation, so that sheets of different epochs can be laid
    side by side: each once by one of its captions, and each once as the query. The gallery is the
    whole split, over all processes. A result is right if image and caption belong together.

    Writes ``sheets/epoch_N.png`` and, after a test, ``sheets/test.png`` in the work directory. It
    asks ``RetrievalValLoop`` and ``RetrievalTestLoop`` for the scores of the drawn queries, which
    are in the order of a cascade if there is one.

    Args:
        queries: rows per direction; a smaller split gives all its images.
        top_k: results per query.
        seed: of the choice of queries.
        sheet: config of what draws the sheet.

    Raises:
        ValueError: if ``queries`` or ``top_k`` is below 1; after an evaluation, if the loop has no
            scores.
    """

    def __init__(
        self, queries: int = 6, top_k: int = 5, seed: int = 0, sheet: dict | None = None
    ) -> None:
        if queries < 1 or top_k < 1:
            raise ValueError(f'queries and top_k must be at least 1, got {queries} and {top_k}')
        self.queries = queries
        self.top_k = top_k
        self.seed = seed
        self.sheet = sheet or {'type': 'pir_mm.RankingSheet'}

    def after_val_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        self._draw(runner, runner.val_loop, f'epoch {runner.epoch}', f'epoch_{runner.epoch}.png')

    def after_test_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        self._draw(runner, runner.test_loop, 'test', 'test.png')

    def _draw(self, runner: Runner, loop: BaseLoop, moment: str, name: str) -> None:
        if not hasattr(loop, 'scores'):
            raise ValueError(
                f'RankingSheetHook draws by the scores that a RetrievalValLoop has, and '
                f"{type(loop).__name__} has none: set val_cfg.type='pir_mm.RetrievalValLoop' and "
                "test_cfg.type='pir_mm.RetrievalTestLoop', or drop the hook"
            )
        if not is_main_process():
            return
        dataset = loop.dataloader.dataset
        items = [dataset.get_data_info(index) for index in range(len(dataset))]
        items.sort(key=lambda item: item['image_id'])
        path = Path(runner.work_dir) / 'sheets' / name
        self._sheet(items, loop.scores, moment).save(path)
        runner.logger.info(f'The best results of {moment} are on {path}')

    def _sheet(self, items: list[dict], scores: Callable[[str, Tensor], Tensor], moment: str):
        text_id = np.array([number for item in items for number in item['caption_id']])
        sentence_of_text = [caption for item in items for caption in item['captions']]
        # Equal captions are one result: a sheet of copies would tell nothing.
        ids, first = np.unique(text_id, return_index=True)
        sentences = [sentence_of_text[row] for row in first]
        paths = [Path(item['img_path']) for item in items]
        captions_of = [np.searchsorted(ids, np.unique(item['caption_id'])) for item in items]

        draw = np.random.default_rng(self.seed)
        count = min(self.queries, len(items))
        rows = np.sort(draw.choice(len(items), count, replace=False))
        columns = [int(draw.choice(captions_of[row])) for row in rows]

        sheet = VISUALIZERS.build(self.sheet)
        of_texts = scores('t2i', torch.from_numpy(first[columns]))
        best = Ranking.from_scores(of_texts.numpy(), self.top_k)
        right = [
            [column in captions_of[row] for row in found]
            for column, found in zip(columns, best.ids, strict=True)
        ]
        queries = [sentences[column] for column in columns]
        heading = f'Text to image, {moment}, {len(paths)} pictures'
        sheet.add(heading, queries, best, paths, np.array(right))
        of_images = scores('i2t', torch.from_numpy(rows))[:, torch.from_numpy(first)]
        best = Ranking.from_scores(of_images.numpy(), self.top_k)
        right = [
            np.isin(found, captions_of[row]) for row, found in zip(rows, best.ids, strict=True)
        ]
        queries = [paths[row] for row in rows]
        heading = f'Image to text, {moment}, {len(sentences)} sentences'
        sheet.add(heading, queries, best, sentences, np.array(right))
        return sheet
