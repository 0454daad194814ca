"""Accuracy of a classification, and what is taken for what."""

import torch
from torch import Tensor


def top_hits(scores: Tensor, label: Tensor, k: int = 1) -> Tensor:
    """Whether the label is among the ``k`` classes with the highest scores.

    Classes that tie with the label share the places: the value is the expectation over their
    orders, as in :mod:`pir_mm.functional.ranks`, so that a model that gives all classes the same
    score has the accuracy of chance.

    Args:
        scores: ``(N, C)``.
        label: ``(N,)`` long, below ``C``.
        k: places.

    Returns:
        ``(N,)`` float64 from 0 to 1.
    """
    own = scores.gather(1, label.unsqueeze(dim=1))
    higher = (scores > own).sum(dim=1)
    tied = (scores == own).sum(dim=1)  # the label itself is one of them
    return ((k - higher).clamp_min(0) / tied).clamp_max(1).double()


def confusion(predicted: Tensor, label: Tensor, classes: int) -> Tensor:
    """How often each class is taken for each: ``(C, C)`` long, true classes are rows.

    Args:
        predicted: ``(N,)`` long, below ``classes``.
        label: ``(N,)`` long, below ``classes``.
        classes: their number ``C``.
    """
    pairs = label * classes + predicted
    return torch.bincount(pairs, minlength=classes**2).view(classes, classes)
