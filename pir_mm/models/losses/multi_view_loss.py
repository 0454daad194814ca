"""Two views of an image, read with the same text, predict each other."""

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from pir_mm.functional.siamese import simsiam, spread
from pir_mm.models.fusion.fusion_step import FusionStep
from pir_mm.registry import MODELS


@MODELS.register_module()
class MultiViewLoss(BaseModule):
    """Multi-view joint representation contrast (MVJRC).

    The third task of Zhang et al., *MTGFE*, Remote Sensing 2023: SimSiam (Chen and He, CVPR 2021)
    on the joint vectors of a text with two views of its image. The paper gives no widths; the
    shape is SimSiam's, with its widths as shares of ``dim``. Each view has batch statistics of its
    own, and the last norm of the projector has no weights.

    Args:
        dim: width of the joint vectors.
        bottleneck: inner width of the predictor, by default a quarter of ``dim``.
        weight: factor of the loss.

    Shape:
        - step: of ``M`` texts
        - output: scalar from -1 to 1; zero with zero gradients for one text, which a batch norm
          cannot tell from others. And ``mv_std``, the :func:`spread` of the projected vectors: near
          ``1 / sqrt(dim)`` it is well, at zero the views agree because all vectors are one.
    """

    def __init__(self, dim: int = 768, bottleneck: int | None = None, weight: float = 1.0) -> None:
        super().__init__()
        inner = dim // 4 if bottleneck is None else bottleneck
        self.projector = nn.Sequential(
            *_normed(dim, dim),
            nn.ReLU(),
            *_normed(dim, dim),
            nn.ReLU(),
            *_normed(dim, dim, affine=False),
        )
        self.predictor = nn.Sequential(*_normed(dim, inner), nn.ReLU(), nn.Linear(inner, dim))
        self.weight = weight

    def forward(self, step: FusionStep) -> tuple[Tensor, dict[str, Tensor]]:
        views = step.true_joint, step.second_joint
        with torch.autocast(views[0].device.type, enabled=False):
            return self._compare(*(view.to(self.predictor[-1].weight.dtype) for view in views))

    def _compare(self, first: Tensor, second: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        if len(first) < 2 and self.training:
            nothing = sum(values.sum() for values in (first, second, *self.parameters())) * 0
            return nothing, {'mv_std': nothing.detach()}
        first, second = self.projector(first), self.projector(second)
        value = simsiam(self.predictor(first), first, self.predictor(second), second)
        return self.weight * value, {'mv_std': spread(first.detach())}

    def extra_repr(self) -> str:
        return f'weight={self.weight}'


def _normed(width: int, out: int, affine: bool = True) -> tuple[nn.Module, nn.Module]:
    return nn.Linear(width, out, bias=False), nn.BatchNorm1d(out, affine=affine)
