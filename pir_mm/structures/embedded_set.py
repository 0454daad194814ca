"""The embeddings of a whole set of captioned images, joined from samples in any order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from mmengine.dist import broadcast_object_list, gather_object, is_main_process
from torch import Tensor

Result = TypeVar('Result')


class EmbeddedSample(NamedTuple):
    """One image and the distinct texts that were encoded with it.

    ``image`` (D,) and ``text`` (m, D) are embeddings, ``text_id`` names the texts, ``caption_id``
    gives the text of every caption of the image, repeats included. ``scene`` is a label or -1.
    """

    image_id: int
    scene: int
    image: np.ndarray
    text_id: tuple[int, ...]
    text: np.ndarray
    caption_id: tuple[int, ...]

    @classmethod
    def of(cls, sample: Any) -> EmbeddedSample:
        """From the fields that the ``predict`` of a dual encoder leaves in a sample.

        Args:
            sample: a dict or a ``BaseDataElement``.

        Raises:
            ValueError: if there is not one embedding for each text id.
        """
        sample = sample if isinstance(sample, dict) else sample.to_dict()
        text_id = tuple(map(int, sample['text_id']))
        text = _array(sample['text_embedding'])
        if len(text) != len(text_id):
            raise ValueError(
                f'image {sample["image_id"]} has {len(text_id)} text ids but {len(text)} text '
                'embeddings: give one embedding for each text'
            )
        image = _array(sample['image_embedding'])
        caption_id = tuple(map(int, sample['caption_id']))
        return cls(int(sample['image_id']), int(sample['scene']), image, text_id, text, caption_id)


@dataclass(frozen=True, eq=False)
class EmbeddedSet:
    """Images in the order of their ids, and all captions in the order of their images.

    Args:
        image: ``(N, D)`` float32.
        scene: ``(N,)`` long, -1 where unknown.
        text: ``(M, D)`` float32; captions with the same text have the same row.
        image_of_text: ``(M,)`` long.
    """

    image: Tensor
    scene: Tensor
    text: Tensor
    image_of_text: Tensor

    @classmethod
    def join(cls, samples: Iterable[EmbeddedSample]) -> EmbeddedSet:
        """Join samples. An image or a text that comes twice counts once.

        Raises:
            ValueError: if there is no image, an image has no caption, or the text of a caption
                was not encoded with any of the samples.
        """
        by_id = {sample.image_id: sample for sample in samples}
        samples = [by_id[image_id] for image_id in sorted(by_id)]
        if not samples:
            raise ValueError('no image was evaluated: the set is empty')
        bare = [s.image_id for s in samples if not s.caption_id]
        if bare:
            raise ValueError(
                f'{len(bare)} of {len(samples)} images have no caption, first image_id '
                f'{bare[0]}: recall is not defined for them, leave them out'
            )
        rows = {t: row for s in samples for t, row in zip(s.text_id, s.text, strict=True)}
        missing = sorted({t for s in samples for t in s.caption_id} - set(rows))
        if missing:
            raise ValueError(
                f'{len(missing)} distinct captions were never encoded, first text_id '
                f'{missing[0]}: evaluate the whole set, their texts belong to other images'
            )
        return cls(
            torch.from_numpy(np.stack([s.image for s in samples])),
            torch.tensor([s.scene for s in samples]),
            torch.from_numpy(np.stack([rows[t] for s in samples for t in s.caption_id])),
            torch.arange(len(samples)).repeat_interleave(
                torch.tensor([len(s.caption_id) for s in samples])
            ),
        )

    @classmethod
    def gather(cls, samples: Sequence[EmbeddedSample], size: int) -> EmbeddedSet | None:
        """Join the samples of all processes on the main process.

        mmengine's own collection cuts what it gathered to the length of the dataset, which loses
        samples under some samplers. Here the length is a check.

        Args:
            samples: of this process.
            size: length of the dataset.

        Returns:
            The set on the main process, ``None`` on the others.

        Raises:
            ValueError: on every process, if images are missing or :meth:`join` refuses.
        """
        parts = gather_object(list(samples))
        joined: list[EmbeddedSet] = []

        def join() -> None:
            everything = [sample for part in parts for sample in part]
            _check_size(everything, size)
            joined.append(cls.join(everything))

        on_main_process(join)
        return joined[0] if joined else None


def on_main_process(compute: Callable[[], Result]) -> Result:
    """What ``compute()`` gives on the main process, on every process.

    An error is raised on every process, too: raised on the main process alone, it would leave the
    others waiting.
    """
    outcome: list[Any] = [None]
    if is_main_process():
        try:
            outcome = [compute()]
        except Exception as error:
            outcome = [error]
    broadcast_object_list(outcome)
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    return outcome[0]


def from_every_process(compute: Callable[[], Result]) -> list[Result] | None:
    """What ``compute()`` gives on each process, by rank, on the main process; else ``None``.

    An error of one of them is raised on every process. ``compute`` may not talk to the others.
    """
    try:
        outcome: Any = compute()
    except Exception as error:
        outcome = error
    parts = gather_object(outcome)

    def check() -> None:
        for part in parts:
            if isinstance(part, Exception):
                raise part

    on_main_process(check)
    return parts


def _check_size(samples: Sequence[EmbeddedSample], size: int) -> None:
    images = len({sample.image_id for sample in samples})
    if images < size:
        raise ValueError(
            f'{images} images, told apart by image_id, came from a dataset of {size} '
            'samples: give every sample an id of its own and evaluate all of them'
        )


def _array(embedding: Tensor | np.ndarray) -> np.ndarray:
    return torch.as_tensor(embedding).detach().float().cpu().numpy()
