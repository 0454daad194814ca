"""Similarities by a trained dual encoder, for losses that look for hard negatives."""

from collections.abc import Mapping
from functools import partial
from inspect import signature
from typing import Any

import torch
from mmengine.dist import all_gather_object, get_world_size
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor
from torch.utils.data import Dataset
from tqdm import tqdm

from pir_mm.engine.other_stage import OtherStage
from pir_mm.registry import HOOKS
from pir_mm.structures.embedded_set import EmbeddedSample, EmbeddedSet


class TableSimilarity:
    """Similarities that are looked up by the numbers of images and texts.

    Args:
        image: ``(N, D)``, a row for each image id.
        text: ``(T, D)``, a row for each text id.
    """

    def __init__(self, image: Tensor, text: Tensor) -> None:
        self.image, self.text = image, text

    def __call__(self, image_id: Tensor, text_id: Tensor) -> Tensor:
        """``(B, M)`` float32 of images ``(B,)`` and texts ``(M,)``."""
        return self.image[image_id] @ self.text[text_id].T


@HOOKS.register_module()
class FilterSimilarityHook(Hook):
    """Have a dual encoder say which negatives of a training batch are hard.

    Each batch comes with the similarities of its images and texts by a trained dual encoder, and
    ``MatchingLoss(negatives='hard')`` draws by them. So the model meets what the filter of a
    cascade mistakes, and need not score every pair of a batch by itself. Before the first epoch
    each process embeds its share of the training set, prepared as that model wants it.

    Args:
        filter: ``dict(config=..., checkpoint=...)`` of the dual encoder.
        temperature: similarities are divided by it; the lower, the harder. A dual encoder that has
            seen these pictures in its own training often takes for wrong what is merely not said.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if ``temperature`` is not above 0, the other model is no dual encoder, or the
            loader or its dataset cannot work with it.
    """

    def __init__(self, filter: Mapping[str, Any], temperature: float = 0.2) -> None:
        if not temperature > 0:
            raise ValueError(f'temperature must be above 0, got {temperature}')
        self.filter = filter
        self.temperature = temperature

    def before_train(self, runner: Runner) -> None:
        loader = runner.train_dataloader
        if 'similarity' not in signature(loader.collate_fn).parameters:
            raise ValueError('FilterSimilarityHook is for loaders with pir_mm.collate_pairs')
        similarity = self._of(loader.dataset, loader.num_workers)
        loader.collate_fn = partial(loader.collate_fn, similarity=similarity)

    def _of(self, dataset: Dataset, workers: int) -> TableSimilarity:
        stage = OtherStage('FilterSimilarityHook.filter', self.filter)
        if not hasattr(stage.model, 'encode_image'):
            raise ValueError(
                f'FilterSimilarityHook.filter is a {type(stage.model).__name__}: wanted a dual '
                'encoder'
            )
        if not hasattr(dataset, 'read_as') or dataset.chosen_indices is not None:
            raise ValueError(
                'FilterSimilarityHook reads a pir_mm.CaptionDataset without indices, not this '
                f'{type(dataset).__name__}'
            )
        whole = dataset.read_as(
            {'pipeline': [], 'cleaning': dataset.cleaning, 'max_words': dataset.max_words}
        )
        share = -(-len(whole) // get_world_size())
        samples = stage.samples(dataset, workers)
        bar = tqdm(samples, 'pictures for hard negatives', share, unit='picture')
        parts = all_gather_object([EmbeddedSample.of(sample) for sample in bar])
        embedded = EmbeddedSet.join(sample for part in parts for sample in part)
        items = (whole.get_data_info(index) for index in range(len(whole)))
        text_id = torch.tensor([number for item in items for number in item['caption_id']])
        text = embedded.text.new_empty(int(text_id.max()) + 1, embedded.text.size(1))
        text[text_id] = embedded.text
        return TableSimilarity(embedded.image / self.temperature, text)
