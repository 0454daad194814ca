"""Pictures to one global and several local vectors."""

from mmengine.model import BaseModule
from torch import Tensor, nn

from pir_mm.models.encoders.backbone import build_backbone, load_backbone, read_out
from pir_mm.registry import MODELS


@MODELS.register_module()
class ImageEncoder(BaseModule):
    """Any mmpretrain backbone, followed by one linear layer applied to every vector.

    The image side of Pan et al., *A Prior Instruction Representation Framework for Remote
    Sensing Image-text Retrieval*, ACM MM 2023, where it is a Swin-T. The last output of the
    backbone is read: a map gives its mean as the global vector, a transformer's sequence its
    class token.

    Args:
        backbone: config of the backbone; its output width is found out.
        dim: width of the vectors.
        init: weights of the backbone before training: ``'random'``, or a file in the backbone's
            own layout (mmpretrain's; for Swin also Microsoft's), loaded whole or refused.

    Shape:
        - images: ``(B, 3, H, W)``, normalised
        - pooled: ``(B, dim)``
        - tokens: ``(B, N, dim)``, row by row

    Raises:
        ValueError: if the backbone ends in neither a map nor a sequence with a class token.
    """

    def __init__(self, backbone: dict, dim: int = 512, init: str = 'random', init_cfg=None):
        super().__init__(init_cfg)
        self.backbone, width = build_backbone(backbone)
        self.projection = nn.Linear(width, dim)
        self.init = init

    def init_weights(self) -> None:
        super().init_weights()
        if self.init != 'random':
            load_backbone(self.backbone, self.init, 'image_encoder')

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        pooled, tokens = read_out(self.backbone, self.backbone(images))
        return self.projection(pooled), self.projection(tokens)
