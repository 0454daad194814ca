"""Learnable divisor of similarities."""

import torch
from torch import Tensor, nn


class Temperature(nn.Module):
    """A positive scalar that divides similarities, learnt within limits or fixed.

    The authors of PIR learn it without limits and with weight decay, which pulls it towards zero.
    Here it stays within ``limits``: it is clamped each time it is read, before the read, so that
    its gradient does not vanish at a limit. A schedule keeps weight decay away from it by
    ``optim_wrapper=dict(constructor='pir_mm.MatrixDecayConstructor', ...)``.

    Args:
        init: start value.
        fixed: keep the start value, as a buffer of the same name.
        limits: least and greatest value.

    Raises:
        ValueError: if the limits are not ``0 < least <= greatest`` or ``init`` is outside them.
    """

    def __init__(
        self,
        init: float = 0.07,
        fixed: bool = False,
        limits: tuple[float, float] = (0.001, 0.5),
    ) -> None:
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


def temperature_name(name: str) -> str:
    """The name, if it is one.

    Raises:
        ValueError: for a number, which belongs into the settings of the head.
    """
    if not isinstance(name, str):
        raise ValueError(
            f'temperature={name!r} of a loss must be a name: start values belong to the head, as '
            'head.temperatures.NAME.init'
        )
    return name
