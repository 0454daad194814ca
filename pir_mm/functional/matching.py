"""True pairs told from false ones, and how the false ones are drawn."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class Drawn(NamedTuple):
    """One column for each row: ``index`` (R,) long; ``found`` (R,) bool, false where none is."""

    index: Tensor
    found: Tensor


def draw_negatives(
    admissible: Tensor,
    log_weight: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> Drawn:
    """Draw one admissible column of each row, in proportion to its weight.

    The column with the largest sum of log weight and Gumbel noise has just that probability, so
    that no value is read on the host. A row without an admissible column gets column 0, and says
    that it has none.

    Args:
        admissible: ``(R, C)`` bool.
        log_weight: ``(R, C)``, finite; by default all are equal.
        generator: of the noise; by default torch's own, of the device.
    """
    noise = torch.empty(admissible.shape, device=admissible.device)
    score = -noise.exponential_(generator=generator).log()
    if log_weight is not None:
        score = score + log_weight
    return Drawn(score.masked_fill(~admissible, -torch.inf).argmax(dim=1), admissible.any(dim=1))


def margin(logits: Tensor) -> Tensor:
    """How much more likely a match is than none, ``(P,)`` log odds, of logits ``(P, 2)``.

    It orders as the probability of a match does, and where that is 1 to the last bit of a float it
    still tells pairs apart. The logit of a match alone, by which others rank, does not order so.
    """
    return logits[:, 1] - logits[:, 0]


def matching_cross_entropy(logits: Tensor, matched: Tensor, kept: Tensor) -> Tensor:
    """Mean cross entropy of logits ``(P, 2)`` against ``matched`` (P,) bool, over kept pairs.

    Args:
        logits: of no match and of a match.
        matched: ``(P,)`` bool.
        kept: ``(P,)`` bool, pairs that count.

    Returns:
        Scalar, in nats; zero if no pair is kept.
    """
    surprise = F.cross_entropy(logits, matched.long(), reduction='none')
    return _mean(surprise, kept)


def matching_accuracy(logits: Tensor, matched: Tensor, kept: Tensor) -> Tensor:
    """Share of the kept pairs on whose right side the margin lies; arguments as above."""
    return _mean(((margin(logits) > 0) == matched).float(), kept)


def _mean(values: Tensor, kept: Tensor) -> Tensor:
    return values.masked_fill(~kept, 0).sum() / kept.sum().clamp(min=1)
