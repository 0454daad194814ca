"""The embeddings of a whole set of captioned pictures, joined from samples in any order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor


class EmbeddedSample(NamedTuple):
    """One picture, with those distinct texts that were encoded along with it."""

    image_id: int
    scene: int
    image: np.ndarray
    text_id: tuple[int, ...]
    text: np.ndarray
    caption_id: tuple[int, ...]

    @classmethod
    def of(cls, sample: dict) -> EmbeddedSample:
        """From the fields that a retriever's ``predict`` leaves in a sample."""
        text_id = tuple(map(int, sample['text_id']))
        text = _array(sample['text_embedding'])
        if len(text) != len(text_id):
            raise ValueError(
                f'picture {sample["image_id"]} has {len(text_id)} text ids but {len(text)} text '
                'embeddings: give one embedding for each text'
            )
        image = _array(sample['image_embedding'])
        caption_id = tuple(map(int, sample['caption_id']))
        return cls(int(sample['image_id']), int(sample['scene']), image, text_id, text, caption_id)


@dataclass(frozen=True, eq=False)
class EmbeddedSet:
    """Pictures in the order of their ids, and all captions in the order of their pictures.

    Args:
        image: ``(N, D)``.
        scene: ``(N,)`` long, -1 where unknown.
        text: ``(M, D)``; captions of the same text have the same row.
        image_of_text: ``(M,)`` long.
    """

    image: Tensor
    scene: Tensor
    text: Tensor
    image_of_text: Tensor

    @classmethod
    def join(cls, samples: Iterable[EmbeddedSample]) -> EmbeddedSet:
        """Join samples, of which a picture or a text seen again is dropped.

        Raises:
            ValueError: if there is no picture, a picture has no caption, or the text of a caption
                was encoded with none of the samples.
        """
        samples = list({s.image_id: s for s in sorted(samples, key=_image_id)}.values())
        if not samples:
            raise ValueError('no picture was evaluated: the set is empty')
        bare = [s.image_id for s in samples if not s.caption_id]
        if bare:
            raise ValueError(
                f'{len(bare)} of {len(samples)} pictures have no caption, first image_id '
                f'{bare[0]}: recall is not defined for them, leave them out'
            )
        rows = {t: row for s in samples for t, row in zip(s.text_id, s.text, strict=True)}
        missing = sorted({t for s in samples for t in s.caption_id} - set(rows))
        if missing:
            raise ValueError(
                f'{len(missing)} distinct captions were never encoded, first text_id '
                f'{missing[0]}: evaluate the whole set, their texts belong to other pictures'
            )
        return cls(
            torch.from_numpy(np.stack([s.image for s in samples])),
            torch.tensor([s.scene for s in samples]),
            torch.from_numpy(np.stack([rows[t] for s in samples for t in s.caption_id])),
            torch.arange(len(samples)).repeat_interleave(
                torch.tensor([len(s.caption_id) for s in samples])
            ),
        )


def _image_id(sample: EmbeddedSample) -> int:
    return sample.image_id


def _array(embedding: Tensor | np.ndarray) -> np.ndarray:
    return torch.as_tensor(embedding).detach().float().cpu().numpy()
