"""The batch of all processes, with gradient."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmengine.dist import all_gather, get_rank, get_world_size
from torch import Tensor


class Batch(NamedTuple):
    """What a loss is a function of.

    ``image_embedding`` (B, D), ``text_embedding`` (M, D), ``image_of_text`` (M,) rows of the
    batch, ``image_id`` (B,) equal for rows of one picture, ``scene`` (B,) class or -1.
    """

    image_embedding: Tensor
    text_embedding: Tensor
    image_of_text: Tensor
    image_id: Tensor
    scene: Tensor


def gather_batch(batch: Batch) -> Batch:
    """Join the batches of all processes in rank order; they may hold different numbers.

    ``image_of_text`` of the result counts rows of the joined batch. ``image_id`` and ``scene``
    mean the same on every process already.

    The gradient supposes that every process computes the same loss from the result. Then nothing
    need be sent back, and after the data-parallel mean over processes an encoder's weight, and a
    parameter of the loss, have the gradient that one process with the whole batch would give.
    """
    if get_world_size() == 1:
        return batch
    own = torch.tensor([len(batch.image_id), len(batch.image_of_text)])
    images, texts = torch.stack(all_gather(own.to(batch.image_id.device))).T.tolist()
    first_row = sum(images[: get_rank()])
    return Batch(
        _GatherRows.apply(batch.image_embedding, images),
        _GatherRows.apply(batch.text_embedding, texts),
        _gather_rows(batch.image_of_text + first_row, texts),
        _gather_rows(batch.image_id, images),
        _gather_rows(batch.scene, images),
    )


def _gather_rows(rows: Tensor, counts: list[int]) -> Tensor:
    """Concatenate the first axis over processes, which hold ``counts`` rows."""
    padding = [0, 0] * (rows.dim() - 1) + [0, max(counts) - len(rows)]
    everyone = all_gather(F.pad(rows, padding).contiguous())
    return torch.cat([part[:count] for part, count in zip(everyone, counts, strict=True)])


class _GatherRows(torch.autograd.Function):
    @staticmethod
    def forward(ctx, rows: Tensor, counts: list[int]) -> Tensor:
        ctx.start, ctx.count = sum(counts[: get_rank()]), len(rows)
        return _gather_rows(rows, counts)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:
        # Only this process's encoder sees these rows, and the mean over processes follows.
        return gradient[ctx.start : ctx.start + ctx.count] * get_world_size(), None
