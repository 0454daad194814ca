"""Dropout whose random numbers cost a CPU little."""

import torch
import torch.nn.functional as F
from torch import Tensor

LEVELS = 1 << 16


def drop(values: Tensor, rate: float) -> Tensor:
    """Zeros in place of values of any shape, with probability ``rate``; the others grow to match.

    On a CPU PyTorch's own draws 64 random bits for each value, which in a small model takes a
    quarter of a step. Here four values share them, so that the rate is a multiple of 1 / 65536.
    """
    if values.device.type != 'cpu' or rate in (0, 1):
        return F.dropout(values, rate)
    count = values.numel()
    drawn = torch.empty(-(-count // 4), dtype=torch.int64).random_(-(1 << 63), None)
    dropped = round(rate * LEVELS)
    kept = drawn.view(torch.int16)[:count].view(values.shape) >= dropped - LEVELS // 2
    return values * kept.to(values.dtype).mul_(LEVELS / (LEVELS - dropped))
