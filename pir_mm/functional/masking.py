"""Padding that takes no part."""

from torch import Tensor


def key_mask(token_mask: Tensor) -> Tensor:
    """Which keys each query may attend to, from which tokens are no padding.

    Args:
        token_mask: ``(M, L)`` bool, true for tokens; each row has at least one.

    Returns:
        ``(M, 1, 1, L)`` bool, a view, for every head and query, as
        ``torch.nn.functional.scaled_dot_product_attention`` wants it. Padding still gets
        outputs as a query; they mean nothing.
    """
    return token_mask[:, None, None, :]
