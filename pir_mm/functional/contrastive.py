"""Symmetric InfoNCE where a row may have several positives."""

from torch import Tensor


def symmetric_info_nce(logits: Tensor, positive: Tensor) -> Tensor:
    """Cross entropy of rows and of columns against evenly spread positives.

    With ``P`` the positive matrix, its rows scaled to sum to one, the row term is the mean over
    rows of ``-sum_j P_ij log_softmax_j(logits_ij)``; the column term is the same on the transposed
    matrix; the result is their mean. With one positive per row it is plain InfoNCE. A row or
    column without positive says nothing and is left out of its mean.

    Args:
        logits: ``(B, M)`` similarities, already divided by the temperature.
        positive: ``(B, M)`` bool.

    Returns:
        Scalar, in nats; zero if nothing is positive.
    """
    own = logits.masked_fill(~positive, 0)
    return 0.5 * (_one_way(logits, own, positive, dim=1) + _one_way(logits, own, positive, dim=0))


def _one_way(logits: Tensor, own: Tensor, positive: Tensor, dim: int) -> Tensor:
    count = positive.sum(dim)
    surprise = logits.logsumexp(dim) - own.sum(dim) / count.clamp(min=1)
    return surprise.masked_fill(count == 0, 0).sum() / (count > 0).sum().clamp(min=1)
