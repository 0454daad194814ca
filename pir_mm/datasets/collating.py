"""From the items of a caption dataset to one batch of tensors, in the loader's workers."""

from collections.abc import Callable, Mapping, Sequence

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor
from torch.utils.data import default_collate

from pir_mm.registry import FUNCTIONS
from pir_mm.structures.pair_batch import PairBatch

Tokenizer = Callable[[Sequence[str]], tuple[Tensor, Tensor]]
Masking = Callable[..., tuple[Tensor, Tensor]]
"""Token ids ``(M, L)`` and a generator to the same with words hidden, and where ``(M, L)`` bool."""
Similarity = Callable[[Tensor, Tensor], Tensor]
"""Ids of images ``(B,)`` and of texts ``(M,)`` to ``(B, M)``."""


@FUNCTIONS.register_module()
def collate_pairs(
    samples: Sequence[dict],
    tokenizer: Tokenizer | None = None,
    masking: Masking | None = None,
    similarity: Similarity | None = None,
) -> PairBatch:
    """Collate what ``mmpretrain.PackInputs`` made of items of ``CaptionDataset``.

    All texts of the batch are tokenised together, ordered by length and padded once, so the model
    sees no string in training. A config names ``collate_fn=dict(type='pir_mm.collate_pairs')``
    alone: :class:`pir_mm.engine.TokenizerHook` adds the tokenizer of the model, and its masking,
    :class:`pir_mm.engine.FilterSimilarityHook` the similarities.

    Args:
        samples: each with ``inputs`` ``(3, H, W)``, or a list of two views of it, and
            ``data_samples`` that hold ``image_id`` and, where known, ``scene``, ``text``
            (sentences), ``text_id`` and ``caption_id``; ``None`` for a sample that is left out. The
            ``seed`` of the first one decides which words are hidden.
        tokenizer: texts to ids ``(M, L)`` and mask ``(M, L)``.
        masking: hides words of the texts, where the model learns to guess them.
        similarity: of images and texts by another model, where a loss looks for hard negatives.

    Raises:
        ValueError: if there is no tokenizer, the images differ in size, or two images have one
            ``image_id``.
    """
    if tokenizer is None:
        raise ValueError(
            'collate_pairs has no tokenizer: add default_hooks.tokenizer='
            "dict(type='pir_mm.TokenizerHook') to the config, as configs/_base_/"
            'retrieval_runtime.py has it'
        )
    samples = [sample for sample in samples if sample is not None]
    if not samples:
        raise ValueError('every sample of a batch was left out as bad: see the log for the reasons')
    items = [sample['data_samples'] for sample in samples]
    _check_numbers(items)
    texts = [list(item.get('text', [])) for item in items]
    token_ids, token_mask = tokenizer([text for own in texts for text in own])
    length = token_mask.sum(dim=1)
    order = length.argsort(stable=True)
    scene = torch.tensor([item.get('scene', -1) for item in items])
    image_id = torch.tensor([item.image_id for item in items])
    text_id = _text_ids(items)[order]
    return PairBatch(
        **_images(samples),
        token_ids=token_ids[order],
        token_mask=token_mask[order],
        text_length=length[order],
        image_of_text=_row_of_each(texts)[order],
        image_id=image_id,
        text_id=text_id,
        scene=scene,
        n_scenes=int(scene.max()) + 1,
        **_captions(items),
        features=_features([sample.get('features', {}) for sample in samples]),
        second_features=_features([sample.get('second_features', {}) for sample in samples]),
        **_masked(token_ids[order], masking, samples[0].get('seed')),
        text_features=_text_features(samples, token_mask, order),
        similarity=None if similarity is None else similarity(image_id, text_id),
    )


def _check_numbers(items: Sequence[BaseDataElement]) -> None:
    path_of: dict[int, str] = {}
    for item in items:
        path = item.get('img_path')
        if path_of.setdefault(item.image_id, path) != path:
            raise ValueError(
                f'image_id {item.image_id} stands for {path_of[item.image_id]} and for {path}, '
                'which would make strangers positives: join caption sets by pir_mm.CaptionMixture, '
                'not by ConcatDataset'
            )


def _images(samples: Sequence[dict]) -> dict[str, Tensor | None]:
    given = [sample['inputs'] for sample in samples if 'inputs' in sample]
    if not given:
        return {'images': None}
    views = zip(*(own if isinstance(own, list) else [own] for own in given), strict=True)
    return dict(zip(('images', 'second_images'), map(_stacked, views), strict=False))


def _masked(
    token_ids: Tensor, masking: Masking | None, seed: int | None
) -> dict[str, Tensor | None]:
    if masking is None:
        return {}
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    masked_ids, chosen = masking(token_ids, generator=generator)
    return {'masked_ids': masked_ids, 'masked_at': chosen.flatten().nonzero().squeeze(1)}


def _stacked(images: Sequence[Tensor]) -> Tensor:
    sizes = {tuple(image.shape) for image in images}
    if len(sizes) > 1:
        raise ValueError(
            f'the images of a batch must have one size, got {sorted(sizes)}: let the pipeline end '
            'in a crop or a resize of fixed size'
        )
    return default_collate(images)  # stacks into shared memory when it runs in a worker


def _features(samples: Sequence[Mapping[str, Sequence[Tensor]]]) -> dict[str, tuple[Tensor, ...]]:
    return {
        part: tuple(map(default_collate, zip(*(own[part] for own in samples), strict=True)))
        for part in samples[0]
    }


def _text_features(samples: Sequence[dict], mask: Tensor, order: Tensor) -> Tensor | None:
    """The features of all texts, padded as their token ids are."""
    if 'text_features' not in samples[0]:
        return None
    rows = [row for sample in samples for row in sample['text_features']]
    if not rows:
        return torch.zeros(0, mask.size(1), 1)
    lengths = torch.tensor([len(row) for row in rows])
    if not torch.equal(lengths, mask.sum(dim=1)):
        raise ValueError('the cached features of texts have other lengths than their tokens')
    padded = rows[0].new_zeros(*mask.shape, rows[0].size(1))
    padded[mask] = torch.cat(rows)
    return padded[order]


def _row_of_each(texts: Sequence[Sequence]) -> Tensor:
    counts = torch.tensor([len(own) for own in texts])
    return torch.arange(len(texts)).repeat_interleave(counts)


def _text_ids(items: Sequence[BaseDataElement]) -> Tensor:
    ids = [number for item in items for number in item.get('text_id', [])]
    return torch.tensor(ids, dtype=torch.long)


def _captions(items: Sequence[BaseDataElement]) -> dict[str, Tensor]:
    captions = [item.get('caption_id') for item in items]
    if any(own is None for own in captions):
        return {}
    ids = torch.tensor([number for own in captions for number in own], dtype=torch.long)
    return {'caption_id': ids, 'image_of_caption': _row_of_each(captions)}
