"""Embedded pairs, and those of all processes joined with gradient."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmengine.dist import all_gather, get_rank, get_world_size
from torch import Tensor


class EmbeddedPairs(NamedTuple):
    """What a loss is a function of: embedded images and texts, and which belong together.

    ``image_embedding`` (B, D) and ``text_embedding`` (M, D) of unit norm, ``image_of_text`` (M,)
    row of the image that each text came with, ``image_id`` (B,) equal for rows of one image,
    ``text_id`` (M,) equal for texts of the same words, ``scene`` (B,) class or -1. ``n_scenes`` is
    an upper bound of the classes that the host knows, so that no loss has to ask the device.
    """

    image_embedding: Tensor
    text_embedding: Tensor
    image_of_text: Tensor
    image_id: Tensor
    text_id: Tensor
    scene: Tensor
    n_scenes: int

    def check_lengths(self) -> None:
        """Raise a ValueError unless every image and every text has one of each field."""
        images, texts = len(self.image_embedding), len(self.text_embedding)
        if not images == len(self.image_id) == len(self.scene):
            raise ValueError(
                f'{images} image embeddings came with {len(self.image_id)} image ids and '
                f'{len(self.scene)} scenes: give one of each for every image'
            )
        if not texts == len(self.image_of_text) == len(self.text_id):
            raise ValueError(
                f'{texts} text embeddings came with {len(self.image_of_text)} values of '
                f'image_of_text and {len(self.text_id)} text ids: give one of each for every text'
            )

    def as_float(self) -> EmbeddedPairs:
        """The same with float32 embeddings."""
        return self._replace(
            image_embedding=self.image_embedding.float(), text_embedding=self.text_embedding.float()
        )


def gather_pairs(pairs: EmbeddedPairs) -> EmbeddedPairs:
    """Join the pairs of all processes in rank order; processes may hold different numbers.

    ``image_of_text`` of the result counts rows of the joined batch. ``image_id``, ``text_id`` and
    ``scene`` mean the same on every process.

    The gradient is right if every process computes the same loss from the result. Then nothing
    has to be sent back, and after the data-parallel mean over processes each weight of an encoder
    and each temperature has the gradient that one process with the whole batch would give.
    """
    if get_world_size() == 1:
        return pairs
    own = torch.tensor([len(pairs.image_id), len(pairs.image_of_text), pairs.n_scenes])
    images, texts, n_scenes = torch.stack(all_gather(own.to(pairs.image_id.device))).T.tolist()
    first_row = sum(images[: get_rank()])
    return EmbeddedPairs(
        _GatherRows.apply(pairs.image_embedding, images),
        _GatherRows.apply(pairs.text_embedding, texts),
        gather_rows(pairs.image_of_text + first_row, texts),
        gather_rows(pairs.image_id, images),
        gather_rows(pairs.text_id, texts),
        gather_rows(pairs.scene, images),
        max(n_scenes),
    )


def gather_rows(rows: Tensor, counts: list[int]) -> Tensor:
    """Concatenate the first axis over processes, which hold ``counts`` rows."""
    padding = [0, 0] * (rows.dim() - 1) + [0, max(counts) - len(rows)]
    everyone = all_gather(F.pad(rows, padding).contiguous())
    return torch.cat([part[:count] for part, count in zip(everyone, counts, strict=True)])


class _GatherRows(torch.autograd.Function):
    @staticmethod
    def forward(ctx, rows: Tensor, counts: list[int]) -> Tensor:
        ctx.start, ctx.count = sum(counts[: get_rank()]), len(rows)
        return gather_rows(rows, counts)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:
        # Only this process's encoder sees these rows, and the mean over processes follows.
        return gradient[ctx.start : ctx.start + ctx.count] * get_world_size(), None
