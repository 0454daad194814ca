"""Attention: its result, and what it takes of each key."""

import torch
import torch.nn.functional as F
from torch import Tensor

from pir_mm.functional.dropout import drop


def attend(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None, dropout: float = 0.0
) -> Tensor:
    """Scaled dot-product attention, by what trains fastest on the device.

    Vaswani et al., *Attention Is All You Need*, NeurIPS 2017, equation 1, as
    ``torch.nn.functional.scaled_dot_product_attention`` gives it. With a gradient on a CPU this
    multiplies bfloat16 as float32 where values are dropped, and its fused kernel takes several
    times as long where none are; there the formula is written out.

    Args:
        query: ``(P, heads, L, d)``.
        key, value: ``(P, heads, N, d)``.
        mask: bool, broadcast to ``(P, heads, L, N)``, true for keys that take part; each query has
            one.
        dropout: rate at which shares of keys are dropped.

    Returns:
        ``(P, heads, L, d)``.
    """
    on_cpu = query.device.type == 'cpu' and torch.is_grad_enabled()
    if not on_cpu or (not dropout and query.dtype != torch.bfloat16):
        return F.scaled_dot_product_attention(query, key, value, mask, dropout)
    scores = query * query.size(-1) ** -0.5 @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    return drop(scores.softmax(dim=-1), dropout) @ value


def attention_shares(query: Tensor, key: Tensor) -> Tensor:
    """The weights by which dot-product attention sums its values, where no key is masked.

    Vaswani et al., *Attention Is All You Need*, NeurIPS 2017, equation 1. Computed in float32 at
    least, also under autocast.

    Args:
        query: ``(P, heads, L, d)``.
        key: ``(P, heads, N, d)``.

    Returns:
        ``(P, heads, L, N)``; the last dimension sums to 1.
    """
    dtype = torch.promote_types(query.dtype, torch.float32)
    with torch.autocast(query.device.type, enabled=False):
        scores = query.to(dtype) @ key.to(dtype).transpose(-2, -1)
    return (scores / query.size(-1) ** 0.5).softmax(dim=-1)
