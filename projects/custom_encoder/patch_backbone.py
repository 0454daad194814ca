"""A backbone of one's own: anything registered that turns pictures into a map."""

from mmengine.model import BaseModule
from torch import Tensor, nn

from pir_mm.registry import MODELS


@MODELS.register_module()
class PatchBackbone(BaseModule):
    """Patches that do not overlap: (B, 3, H, W) to a map (B, width, H / patch, W / patch)."""

    def __init__(self, width: int, patch: int, init_cfg=None):
        super().__init__(init_cfg)
        cut = nn.Conv2d(3, width, kernel_size=patch, stride=patch)
        self.layers = nn.Sequential(cut, nn.GELU(), nn.Conv2d(width, width, kernel_size=1))

    def forward(self, images: Tensor) -> tuple[Tensor]:
        return (self.layers(images),)
