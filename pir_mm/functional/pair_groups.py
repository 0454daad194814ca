"""Pairs of images and texts in groups that share an image, which is then read once for all."""

from typing import NamedTuple

import torch
from torch import Tensor

WASTE = 1.1
"""Most rows of the groups, those that repeat included, for each pair."""


class PairGroups(NamedTuple):
    """``G`` groups of ``T`` pairs: ``image`` (G,) long, and ``pair`` (G, T) long, rows of pairs.

    Each pair is in one group at least. Where an image has too few pairs for its last group, its
    last pair stands there again.
    """

    image: Tensor
    pair: Tensor


def group_pairs(image_index: Tensor, text_place: Tensor, most: int) -> PairGroups:
    """Groups of equal size, as large as hardly any pair is repeated for.

    Args:
        image_index: ``(P,)`` long, image of each pair; ``P`` is not 0.
        text_place: ``(P,)`` long, place of its text in some order. The pairs of an image come in
            this order, and the groups in the order of their last pair.
        most: largest size of a group, at least 1.
    """
    order = text_place.argsort(stable=True)
    order = order[image_index[order].argsort(stable=True)]
    images, counts = image_index.unique(return_counts=True)
    size = max(
        size
        for size in (2**power for power in range(most.bit_length()))
        if _groups(counts, size).sum() * size <= WASTE * len(image_index) or size == 1
    )
    groups = _groups(counts, size)
    own = torch.arange(len(images), device=counts.device).repeat_interleave(groups)
    end = counts.cumsum(dim=0)
    number = torch.arange(len(own), device=counts.device) - (groups.cumsum(dim=0) - groups)[own]
    start = (end - counts)[own] + number * size
    rows = start[:, None] + torch.arange(size, device=counts.device)
    pair = order[rows.minimum(end[own, None] - 1)]
    by_length = text_place[pair[:, -1]].argsort(stable=True)
    return PairGroups(images[own][by_length], pair[by_length])


def _groups(counts: Tensor, size: int) -> Tensor:
    return (counts + size - 1) // size
