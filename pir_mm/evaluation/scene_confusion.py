"""Which scenes a set of embeddings cannot tell apart."""

import torch
import torch.nn.functional as F
from torch import Tensor

ROWS = 1024  # pictures compared with all others at a time


def neighbour_shares(embedding: Tensor, scene: Tensor, scenes: int, k: int = 10) -> Tensor:
    """Share of each scene among the nearest neighbours of each picture, by cosine.

    A picture is no neighbour of itself. Of equal similarities any may be taken.

    Args:
        embedding: ``(N, D)``, of any length.
        scene: ``(N,)`` long, ``0 <= scene < scenes``.
        scenes: number of scenes ``S``.
        k: neighbours looked at; in a set of ``k`` pictures or fewer, all others.

    Returns:
        ``(N, S)`` float32, rows sum to 1.

    Raises:
        ValueError: if there are fewer than two pictures, ``k < 1``, or a label is out of range.
    """
    if len(embedding) < 2:
        raise ValueError(f'neighbours need at least two pictures, got {len(embedding)}')
    if k < 1:
        raise ValueError(f'k must be at least 1, got {k}')
    if scene.min() < 0 or scene.max() >= scenes:
        raise ValueError(f'scene labels must be from 0 to {scenes - 1}: leave out the unlabelled')
    unit = F.normalize(embedding.float(), dim=1)
    one_hot = F.one_hot(scene, scenes).float()
    shares = []
    for start in range(0, len(unit), ROWS):
        similarity = unit[start : start + ROWS] @ unit.T
        row = torch.arange(len(similarity), device=unit.device)
        similarity[row, row + start] = -torch.inf
        nearest = similarity.topk(min(k, len(unit) - 1), dim=1).indices
        shares.append(one_hot[nearest].mean(dim=1))
    return torch.cat(shares)


def foreign_share(shares: Tensor, scene: Tensor) -> Tensor:
    """Share ``(N,)`` of the neighbours that are of another scene than the picture itself."""
    return 1 - shares.gather(1, scene.unsqueeze(dim=1)).squeeze(dim=1)


def confused_pairs(shares: Tensor, scene: Tensor, count: int) -> list[tuple[int, int, float]]:
    """The pairs of scenes that are each other's neighbours most.

    Args:
        shares: ``(N, S)`` of :func:`neighbour_shares`.
        scene: ``(N,)`` long.
        count: pairs wanted; those that never meet are left out.

    Returns:
        ``(a, b, confusion)``, ``a < b``, most confused first; ``confusion`` is the mean, over both
        directions, of the share of ``b`` around an average picture of ``a``, so that a large scene
        does not outweigh a small one.
    """
    scenes = shares.size(1)
    total = shares.new_zeros(scenes, scenes).index_add_(0, scene, shares)
    mean = total / torch.bincount(scene, minlength=scenes).clamp(min=1).unsqueeze(dim=1)
    both = ((mean + mean.T) / 2).triu(diagonal=1)
    order = both.flatten().argsort(descending=True, stable=True)[:count].tolist()
    pairs = [(*divmod(cell, scenes), both.flatten()[cell].item()) for cell in order]
    return [pair for pair in pairs if pair[2] > 0]
