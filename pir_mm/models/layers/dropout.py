"""Dropout whose random numbers cost a CPU little."""

import torch
from torch import Tensor, nn

LEVELS = 1 << 16


class Dropout(nn.Dropout):
    """As PyTorch's, but on a CPU in training about three times as fast.

    There PyTorch draws 64 random bits for each value, which in a small model takes a quarter of a
    step. Here four values share them, so that the rate is a multiple of 1 / 65536.

    Shape:
        - values, output: any
    """

    def forward(self, values: Tensor) -> Tensor:
        if not self.training or self.inplace or values.device.type != 'cpu' or self.p in (0, 1):
            return super().forward(values)
        count = values.numel()
        drawn = torch.empty(-(-count // 4), dtype=torch.int64).random_(-(1 << 63), None)
        dropped = round(self.p * LEVELS)
        kept = drawn.view(torch.int16)[:count].view(values.shape) >= dropped - LEVELS // 2
        return values * kept.to(values.dtype).mul_(LEVELS / (LEVELS - dropped))
