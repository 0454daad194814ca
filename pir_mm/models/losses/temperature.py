"""Learnable divisor of similarities."""

import torch
from torch import Tensor, nn


class Temperature(nn.Module):
    """A positive scalar that divides similarities, learnt within limits or fixed.

    The authors of PIR learn it without limits and with weight decay, which pulls it towards zero.
    Here it stays within ``limits``: it is put back whenever it is read, before the read, so that
    its gradient never dies at a limit. To free it of weight decay, give the schedule
    ``optim_wrapper=dict(paramwise_cfg=dict(custom_keys={'temperature': dict(decay_mult=0.0)}))``;
    every owner names it ``temperature``.

    Args:
        init: starting value.
        fixed: keep the starting value, as a buffer under the same name.
        limits: least and greatest value.

    Raises:
        ValueError: if the limits are not ``0 < least <= greatest`` or ``init`` is outside them.
    """

    def __init__(self, init: float, fixed: bool, limits: tuple[float, float]) -> None:
        super().__init__()
        least, greatest = limits
        if not 0 < least <= init <= greatest:
            raise ValueError(
                f'temperature={init} must be within its limits {least} to {greatest}, all above 0'
            )
        self.limits = (least, greatest)
        value = torch.tensor(float(init))
        if fixed:
            self.register_buffer('value', value)
        else:
            self.value = nn.Parameter(value)

    def forward(self) -> Tensor:
        # .data: two reads may share one backward pass, which refuses tensors changed in between.
        self.value.data.clamp_(*self.limits)
        return self.value.float()

    def extra_repr(self) -> str:
        return f'{self.value.item():g}, fixed={not self.value.requires_grad}, limits={self.limits}'
