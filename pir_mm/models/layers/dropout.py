"""Dropout as a layer."""

from torch import Tensor, nn

from pir_mm.functional.dropout import drop


class Dropout(nn.Dropout):
    """As PyTorch's, but on a CPU in training about three times as fast, see :func:`drop`.

    Shape:
        - values, output: any
    """

    def forward(self, values: Tensor) -> Tensor:
        if not self.training or self.inplace:
            return super().forward(values)
        return drop(values, self.p)
