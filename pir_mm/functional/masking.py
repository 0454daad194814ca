"""Masks that keep padding out of attention and means."""

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


def masked_mean(tokens: Tensor, token_mask: Tensor) -> Tensor:
    """Mean ``(M, D)`` of the tokens ``(M, L, D)`` that the mask ``(M, L)`` shows; zero for none."""
    shown = token_mask.unsqueeze(-1)
    return tokens.masked_fill(~shown, 0).sum(dim=1) / shown.sum(dim=1).clamp(min=1)
