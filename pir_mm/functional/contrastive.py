"""Symmetric InfoNCE where a row may have several positives."""

from torch import Tensor


def symmetric_info_nce(logits: Tensor, positive: Tensor) -> Tensor:
    """Cross entropy of rows and of columns against evenly spread positives.

    With ``P`` the positive matrix, its rows scaled to sum to one, the row term is the mean over
    rows of ``-sum_j P_ij log_softmax_j(logits_ij)``. The column term is the same on the transposed
    matrix, and the result is the mean of both. With one positive per row it is plain InfoNCE. Rows
    and columns without a positive are left out.

    Args:
        logits: ``(B, M)`` similarities, already divided by the temperature.
        positive: ``(B, M)`` bool.

    Returns:
        Scalar, in nats; zero without any positive.
    """
    own = logits.masked_fill(~positive, 0)
    return 0.5 * (_one_way(logits, own, positive, dim=1) + _one_way(logits, own, positive, dim=0))


def _one_way(logits: Tensor, own: Tensor, positive: Tensor, dim: int) -> Tensor:
    count = positive.sum(dim)
    surprise = logits.logsumexp(dim) - own.sum(dim) / count.clamp(min=1)
    return surprise.masked_fill(count == 0, 0).sum() / (count > 0).sum().clamp(min=1)
