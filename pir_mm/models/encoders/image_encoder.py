"""Images to a pooled vector and tokens."""

from mmengine.model import BaseModule
from torch import Tensor, nn

from pir_mm.models.encoders.backbone import build_backbone, load_backbone, read_out
from pir_mm.registry import MODELS


@MODELS.register_module()
class ImageEncoder(BaseModule):
    """Any backbone, followed by one linear layer that projects every vector.

    The image encoder of Pan et al., *A Prior Instruction Representation Framework for Remote
    Sensing Image-text Retrieval*, ACM MM 2023, is a Swin-T. Here any registered backbone will do:
    mmpretrain's, timm's by ``mmpretrain.TIMMBackbone``, or one of your own. Its last output is
    read. A map gives its mean as the pooled vector and its cells as tokens; the sequence of a
    transformer gives its class token and the others.

    Args:
        backbone: config of the backbone. The width of its output need not be given.
        dim: width of the pooled vector and of the tokens.
        init: weights of the backbone before training: ``'random'``, or a file with the backbone's
            own names (for a Swin Transformer also Microsoft's). A file that does not fit is
            refused.
        with_tokens: whether the encoder gives tokens. ``False`` also allows a backbone that ends
            in one vector per image, such as one with an attention pool.

    Shape:
        - images: ``(B, 3, H, W)``, normalised
        - pooled: ``(B, dim)``
        - tokens: ``(B, N, dim)``, row by row, or ``None`` if ``with_tokens=False``

    Raises:
        ValueError: if the backbone gives no tokens and must, or ends in something else than a map,
            a sequence with a class token or a vector.
    """

    def __init__(
        self,
        backbone: dict,
        dim: int = 512,
        init: str = 'random',
        with_tokens: bool = True,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.backbone, width = build_backbone(backbone, with_tokens)
        self.projection = nn.Linear(width, dim)
        self.init = init
        self.with_tokens = with_tokens

    def init_weights(self) -> None:
        super().init_weights()
        if self.init != 'random':
            load_backbone(self.backbone, self.init, 'image_encoder')

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        pooled, tokens = read_out(self.backbone, self.backbone(images))
        return self.projection(pooled), self.projection(tokens) if self.with_tokens else None
