"""Masks that keep padding out of attention."""

from torch import Tensor


def key_mask(token_mask: Tensor) -> Tensor:
    """Which keys each query may attend to: the tokens, not the padding.

    Args:
        token_mask: ``(M, L)`` bool, true for tokens, false for padding; each row has a token.

    Returns:
        ``(M, 1, 1, L)`` bool, a view, for every head and query, as
        ``torch.nn.functional.scaled_dot_product_attention`` expects it. Padding still gets
        outputs as a query; they have no meaning.
    """
    return token_mask[:, None, None, :]
