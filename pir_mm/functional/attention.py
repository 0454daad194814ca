"""What attention takes of each key, as numbers that can be looked at."""

import torch
from torch import Tensor


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
