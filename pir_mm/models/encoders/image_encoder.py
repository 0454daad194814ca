"""Images to a pooled vector and tokens."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from pir_mm.models.encoders.backbone import (
    build_backbone,
    channels_last,
    freeze_backbone,
    image_size,
    load_backbone,
    map_statistics,
    read_out,
)
from pir_mm.models.layers.dropout import Dropout
from pir_mm.registry import MODELS

Read = tuple[Tensor, Tensor | None, Tensor | None]
"""Pooled vector, tokens and statistics of the levels, as the backbone gives them."""


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
        dim: width of the pooled vector and of the tokens; ``None`` leaves them as the backbone
            gives them, without the linear layer.
        init: weights of the backbone before training: ``'random'``, or a file with the backbone's
            own names (for a Swin Transformer also Microsoft's). A file that does not fit is
            refused.
        with_tokens: whether the encoder gives tokens. ``False`` also allows a backbone that ends
            in one vector per image, such as one with an attention pool.
        frozen: ``True`` if the backbone is not trained, or the dotted name of its last module that
            is not; see :class:`FrozenPart`. What a frozen part gives can be computed once, see
            :class:`pir_mm.engine.FeatureCacheHook`.
        dropout: rate on the vectors before the linear layer.
        levels: dotted names of modules in the backbone that give maps. Mean and standard deviation
            of their channels complete the pooled vector, by a linear layer of their own: what a
            model of ImageNet knows of texture and colour lies before its last stage.

    Attributes:
        width: of the pooled vector and of the tokens.

    Shape:
        - images: ``(B, 3, H, W)``, normalised
        - features: in place of images, what :meth:`frozen_output` gave for them
        - pooled: ``(B, width)``
        - tokens: ``(B, N, width)``, row by row, or ``None`` if ``with_tokens=False``

    Raises:
        ValueError: if the backbone gives no tokens and must, ends in something else than a map,
            a sequence with a class token or a vector, or has no part that ``frozen`` names.
    """

    def __init__(
        self,
        backbone: dict,
        dim: int | None = 512,
        init: str = 'random',
        with_tokens: bool = True,
        frozen: bool | str = False,
        dropout: float = 0.0,
        levels: Sequence[str] = (),
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.backbone, width = build_backbone(backbone, with_tokens)
        self.width = width if dim is None else dim
        self.projection = nn.Identity() if dim is None else nn.Linear(width, dim)
        self.dropout = Dropout(dropout)
        self.init = init
        self.with_tokens = with_tokens
        self.levels = self.frozen = None
        if levels:
            if isinstance(frozen, str):
                raise ValueError('levels want a backbone that is frozen as a whole, or not at all')
            self.levels = map_statistics(self.backbone, levels, image_size(backbone))
            self.level_projection = nn.Linear(self.levels.width, self.width, bias=False)
        if frozen:
            self.frozen = freeze_backbone(self.backbone, frozen, image_size(backbone))

    def init_weights(self) -> None:
        super().init_weights()
        if self.init != 'random':
            load_backbone(self.backbone, self.init, 'image_encoder')

    def train(self, mode: bool = True) -> 'ImageEncoder':
        super().train(mode)
        if self.frozen is not None:
            self.frozen.eval()
        return self

    def forward(
        self, images: Tensor | None = None, features: Sequence[Tensor] | None = None
    ) -> tuple[Tensor, Tensor | None]:
        read = self._read(images) if features is None else self._read_features(features)
        pooled, tokens, statistics = read
        pooled = self.projection(self.dropout(pooled))
        if statistics is not None:
            pooled = pooled + self.level_projection(self.dropout(statistics))
        return pooled, self.projection(self.dropout(tokens)) if self.with_tokens else None

    def frozen_output(self, images: Tensor) -> tuple[Tensor, ...]:
        """What the frozen part gives for images ``(B, 3, H, W)``, each with ``B`` rows.

        If the whole backbone is frozen, the pooled vectors, the tokens and the statistics of the
        levels, as far as the encoder has them; otherwise the output of its last frozen module.
        """
        if not self.frozen.is_whole:
            return (self.frozen.output(channels_last(images)),)
        pooled, tokens, statistics = self._read(images)
        parts = (pooled, tokens if self.with_tokens else None, statistics)
        return tuple(part for part in parts if part is not None)

    def _read(self, images: Tensor) -> Read:
        if self.frozen is None or not self.frozen.is_whole:
            return self._run(images)
        with torch.no_grad():
            return self._run(channels_last(images))

    def _run(self, images: Tensor) -> Read:
        if self.levels is None:
            return (*read_out(self.backbone, self.backbone(images)), None)
        output, statistics = self.levels.of(self.backbone, images)
        return (*read_out(self.backbone, output), statistics)

    def _read_features(self, features: Sequence[Tensor]) -> Read:
        dtype = next(self.parameters()).dtype
        features = [feature.to(dtype) for feature in features]
        if not self.frozen.is_whole:
            return (*read_out(self.backbone, self.frozen.rest(features[0])), None)
        tokens = features[1] if self.with_tokens else None
        return features[0], tokens, features[-1] if self.levels is not None else None
