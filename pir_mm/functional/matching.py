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


class MatchingPairs(NamedTuple):
    """True pairs of a batch and false ones, by their rows.

    ``image`` (P,) and ``text`` (P,) long; ``matched`` (P,) bool, whether they belong together;
    ``kept`` (P,) bool, false where no false pair was found and the entry means nothing.
    """

    image: Tensor
    text: Tensor
    matched: Tensor
    kept: Tensor


def matching_pairs(
    image_of_text: Tensor,
    admissible: Tensor,
    log_weight: Tensor | None = None,
    negatives: int = 1,
    generator: torch.Generator | None = None,
) -> MatchingPairs:
    """Each pair as it came; with another text, ``negatives`` times; and with another image.

    Args:
        image_of_text: ``(M,)`` long, row of the image that each text came with.
        admissible: ``(B, M)`` bool, which pairs are false.
        log_weight: ``(B, M)``, as in :func:`draw_negatives`.
        negatives: texts, and images, that are drawn for each true pair.
        generator: of the draws.

    Returns:
        ``M`` true pairs, ``negatives * M`` with another text and as many with another image.
    """
    own_image = image_of_text.repeat(negatives)
    own_text = torch.arange(len(image_of_text), device=image_of_text.device).repeat(negatives)
    of_text = of_image = None
    if log_weight is not None:
        of_text, of_image = log_weight[own_image], log_weight.T[own_text]
    text = draw_negatives(admissible[own_image], of_text, generator)
    image = draw_negatives(admissible.T[own_text], of_image, generator)
    true = len(image_of_text)
    found = torch.cat([torch.ones_like(text.found[:true]), text.found, image.found])
    return MatchingPairs(
        torch.cat([image_of_text, own_image, image.index]),
        torch.cat([own_text[:true], text.index, own_text]),
        torch.arange(len(found), device=found.device) < true,
        found,
    )


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
    return kept_mean(surprise, kept)


def matching_accuracy(logits: Tensor, matched: Tensor, kept: Tensor) -> Tensor:
    """Share of the kept pairs on whose right side the margin lies; arguments as above."""
    return kept_mean(((margin(logits) > 0) == matched).float(), kept)


def kept_mean(values: Tensor, kept: Tensor) -> Tensor:
    """Mean of the kept ones of ``(P,)`` values; zero if none is."""
    return values.masked_fill(~kept, 0).sum() / kept.sum().clamp(min=1)
