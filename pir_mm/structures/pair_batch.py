"""Images and texts of one training step, or of one step of an evaluation, as tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class PairBatch:
    """``B`` images with ``M`` texts, made by the collate function in the loader's workers.

    The texts are ordered by length, shortest first, and padded once. An image may have any number
    of texts.

    Args:
        images: ``(B, 3, H, W)``; uint8 from the loader, float after the data preprocessor; none
            where ``features`` stand for them.
        token_ids: ``(M, L)`` long, padded on the right.
        token_mask: ``(M, L)`` bool, true for tokens, false for padding.
        text_length: ``(M,)`` long, tokens of each text, not decreasing. It stays on the CPU: the
            model cuts groups of texts by it, and a number read from a GPU would stop the queue.
        image_of_text: ``(M,)`` long, row of ``images`` that each text came with.
        image_id: ``(B,)`` long, equal for rows that show the same image.
        text_id: ``(M,)`` long, equal for texts of the same words.
        scene: ``(B,)`` long, class of each image, -1 where unknown.
        n_scenes: the classes in ``scene`` are below it; a plain number, known on the host.
        caption_id: ``(C,)`` long, ``text_id`` of every caption of every image, repeats included.
            Only in an evaluation, where a text that several images share is encoded once.
        image_of_caption: ``(C,)`` long, row of ``images`` of each caption.
        features: by the name of a part of the model, what its frozen backbone gave for the images
            when it was computed once: tensors of ``B`` rows.
        text_features: ``(M, L, C)``, the same for the texts.
        second_images, second_features: as ``images`` and ``features``, of another view of each
            image, where the pipeline makes two.
        masked_ids: ``(M, L)`` long, ``token_ids`` with some words hidden, where the model learns to
            guess them.
        masked_at: ``(K,)`` long, where these words stand in the flattened ``token_ids``. The number
            of them is known on the host.
        similarity: ``(B, M)`` of images and texts by another model, where a loss looks for hard
            negatives.

    Raises:
        ValueError: if the lengths of the fields do not fit together.
    """

    images: Tensor | None
    token_ids: Tensor
    token_mask: Tensor
    text_length: Tensor
    image_of_text: Tensor
    image_id: Tensor
    text_id: Tensor
    scene: Tensor
    n_scenes: int
    caption_id: Tensor | None = None
    image_of_caption: Tensor | None = None
    features: Mapping[str, tuple[Tensor, ...]] = field(default_factory=dict)
    text_features: Tensor | None = None
    second_images: Tensor | None = None
    second_features: Mapping[str, tuple[Tensor, ...]] = field(default_factory=dict)
    masked_ids: Tensor | None = None
    masked_at: Tensor | None = None
    similarity: Tensor | None = None

    def __post_init__(self) -> None:
        count = len(self.image_id if self.images is None else self.images)
        self._require_length(count, 'images', ('image_id', 'scene'))
        if self.second_images is not None:
            self._require_length(count, 'images', ('second_images',))
        for part, tensors in (*self.features.items(), *self.second_features.items()):
            if any(len(tensor) != count for tensor in tensors):
                raise ValueError(f'the features of {part} are not those of {count} images')
        text_fields = ('token_mask', 'text_length', 'image_of_text', 'text_id')
        self._require_length(len(self.token_ids), 'texts', text_fields)
        if self.token_ids.shape != self.token_mask.shape:
            raise ValueError(
                f'token_ids {tuple(self.token_ids.shape)} and token_mask '
                f'{tuple(self.token_mask.shape)} must have the same shape'
            )
        if (self.masked_ids is None) != (self.masked_at is None):
            raise ValueError('masked_ids and masked_at come together, or neither')
        if self.masked_ids is not None and self.masked_ids.shape != self.token_ids.shape:
            raise ValueError(
                f'masked_ids {tuple(self.masked_ids.shape)} must have the shape of token_ids '
                f'{tuple(self.token_ids.shape)}'
            )
        pairs = count, len(self.token_ids)
        if self.similarity is not None and self.similarity.shape != pairs:
            raise ValueError(
                f'similarity is {tuple(self.similarity.shape)}, wanted {pairs}: a row for each '
                'image of the batch and a column for each text'
            )
        if (self.caption_id is None) != (self.image_of_caption is None):
            raise ValueError('caption_id and image_of_caption come together, or neither')
        if self.caption_id is not None:
            self._require_length(len(self.caption_id), 'captions', ('image_of_caption',))

    def to(self, device: torch.device | str) -> PairBatch:
        """The batch on a device; from pinned memory the copies run beside the computation."""
        return self._with(lambda value: value.to(device, non_blocking=True))

    def pin_memory(self) -> PairBatch:
        """The batch in page-locked memory. PyTorch's loader calls this if it is told to pin."""
        return self._with(lambda value: value.pin_memory())

    def with_images(self, images: Tensor, second_images: Tensor | None = None) -> PairBatch:
        """The same batch with other pixels, such as normalised ones."""
        second = self.second_images if second_images is None else second_images
        return replace(self, images=images, second_images=second)

    def _with(self, change: Callable[[Tensor], Tensor]) -> PairBatch:
        values = {own.name: getattr(self, own.name) for own in fields(self)}
        moved = {
            name: change(value)
            for name, value in values.items()
            if isinstance(value, Tensor) and name != 'text_length'
        }
        features = {
            name: {part: tuple(map(change, own)) for part, own in values[name].items()}
            for name in ('features', 'second_features')
        }
        return replace(self, **moved, **features)

    def _require_length(self, count: int, what: str, names: tuple[str, ...]) -> None:
        for name in names:
            if len(getattr(self, name)) != count:
                raise ValueError(
                    f'a batch of {count} {what} came with {len(getattr(self, name))} values of '
                    f'{name}: give one for each'
                )
