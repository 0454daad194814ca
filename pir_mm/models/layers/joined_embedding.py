"""A global and a local vector joined to one embedding."""

from mmengine.model import BaseModule
from torch import Tensor, nn

from pir_mm.functional.similarity import unit
from pir_mm.registry import MODELS


@MODELS.register_module()
class JoinedEmbedding(BaseModule):
    """``unit(pooled + linear(local))``: the only place of a PIR model that normalises.

    Pan et al., *A Prior Instruction Representation Framework for Remote Sensing Image-text
    Retrieval*, ACM MM 2023. Without a local vector it is ``unit(pooled)``; without the global one
    it is ``unit(linear(local))``, as the authors' code has it for the ``+TEL`` rows.

    Args:
        dim: width of the vectors.
        local: whether there is a local vector to add.
        add_global: whether the global vector is added to the local one.

    Shape:
        - pooled: ``(B, dim)``
        - local: ``(B, dim)``, if so built
        - output: ``(B, dim)`` float32, unit-norm

    Raises:
        ValueError: if a local vector is given or missing against ``local``.
    """

    def __init__(self, dim: int = 512, local: bool = True, add_global: bool = True) -> None:
        super().__init__()
        self.local = nn.Linear(dim, dim) if local else None
        self.add_global = add_global

    def forward(self, pooled: Tensor, local: Tensor | None = None) -> Tensor:
        if (local is None) != (self.local is None):
            given, wanted = ('no', 'one') if local is None else ('a', 'none')
            raise ValueError(
                f'{given} local vector was given to a JoinedEmbedding that wants {wanted}: build '
                f'it with local={local is not None}'
            )
        if local is None:
            return unit(pooled)
        return unit(pooled + self.local(local) if self.add_global else self.local(local))

    def extra_repr(self) -> str:
        return f'add_global={self.add_global}'
