"""A perceptron over pairs, for all pairs of a grid: what belongs to one side is computed once."""

from collections.abc import Sequence
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor

VALUES = 1 << 20
"""Hidden values in memory at a time: they stay in the cache of a CPU; a GPU takes more."""


class Folded(NamedTuple):
    """A linear layer, ``weight`` (out, in) and ``bias`` (out,), with the norm behind it in it."""

    weight: Tensor
    bias: Tensor


def fold_norm(
    weight: Tensor, mean: Tensor, variance: Tensor, scale: Tensor, shift: Tensor, epsilon: float
) -> Folded:
    """A linear layer without bias and the batch norm behind it, in evaluation, as one layer.

    Args:
        weight: ``(out, in)`` of the linear layer.
        mean, variance: ``(out,)`` of the batch norm, its running statistics.
        scale, shift: ``(out,)``, its weight and bias.
        epsilon: what it adds to the variance.
    """
    factor = scale * (variance + epsilon).rsqrt()
    return Folded(factor.unsqueeze(1) * weight, shift - factor * mean)


def grid_scores(image: Tensor, text: Tensor, layers: Sequence[Folded]) -> Tensor:
    """Scores of all pairs by a perceptron whose first layer is a sum of both sides.

    ``relu(image_i + text_j)`` goes through ``layers``, with a ReLU between them. The first layer,
    most of the work of a pair by itself, is thus two matrix products for the whole grid. A ReLU
    keeps the others from being split in the same way.

    Args:
        image: ``(n, H)``, the share of the images in the first layer, its bias included.
        text: ``(m, H)``, that of the texts.
        layers: the others; the last one gives one value.

    Returns:
        ``(n, m)``. Never more than a few rows of the images are compared at a time.
    """
    values = VALUES if image.device.type == 'cpu' else 64 * VALUES
    rows = max(1, values // max(text.numel(), 1))
    *inner, last = layers
    scores = image.new_empty(len(image), len(text))
    for start in range(0, len(image), rows):
        block = image[start : start + rows]
        hidden = (block.unsqueeze(1) + text).relu_().flatten(0, 1)
        for layer in inner:
            hidden = F.linear(hidden, *layer).relu_()
        scores[start : start + rows] = F.linear(hidden, *last).view(len(block), len(text))
    return scores
