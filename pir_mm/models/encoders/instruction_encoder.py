"""Images to instructions: the scene prior, from a frozen backbone."""

import logging
from collections.abc import Sequence
from fnmatch import fnmatchcase

import torch
from mmengine.logging import print_log
from mmengine.model import BaseModule
from torch import Tensor, nn

from pir_mm.files.names import first_few
from pir_mm.models.encoders.backbone import (
    build_backbone,
    channels_last,
    load_backbone,
    read_out,
    resize,
)
from pir_mm.models.encoders.frozen_part import FrozenPart
from pir_mm.registry import MODELS


@MODELS.register_module()
class InstructionEncoder(BaseModule):
    """The pooled vector of a frozen backbone, projected by a linear layer that is trained.

    In Pan et al., *A Prior Instruction Representation Framework for Remote Sensing Image-text
    Retrieval*, ACM MM 2023, the backbone is a ResNet-50 that was trained to classify the scenes of
    AID. Here any registered backbone will do.

    Frozen means three things: the weights have no gradient, the backbone stays in evaluation mode
    when the model is put into training mode, and its forward is not recorded for a backward. The
    authors' code differs. Its batch statistics keep moving, and it does not find its weights in
    its file, so that the prior is random. Here a file that does not fit is refused.

    ``trainable`` names parts of the backbone that are trained all the same. The paper of PIR-CLIP
    (Pan et al., arXiv:2405.10160) freezes the body of CLIP's ResNet and trains its attention pool:
    ``trainable=('attnpool.*',)``. The authors' code freezes nothing. The whole backbone still stays
    in evaluation mode: batch statistics do not move and dropout is off, in the trained parts too.
    The forward is recorded from the first trained weight on.

    Args:
        backbone: config of the backbone. The width of its output need not be given. It need not
            give tokens.
        dim: width of the instruction.
        init: weights of the backbone before training: a file with its own names (for a Swin
            Transformer also Microsoft's), or ``'random'``. A file that does not fit is refused.
            With ``'random'`` the instruction is a random projection, an ablation.
        trainable: patterns of the parameter names in the backbone that are trained, such as
            ``'attnpool.*'``. ``*`` stands for any characters, dots included.
        image_size: images are resized to a square of so many pixels first, where the prior was
            trained at another scale than the image encoder.

    Shape:
        - images: ``(B, 3, H, W)``, normalised
        - features: in place of images, what :meth:`frozen_output` gave for them
        - instruction: ``(B, dim)``

    Raises:
        ValueError: if a pattern of ``trainable`` matches no parameter, or the backbone ends in
            something else than a map, a sequence with a class token or a vector.
    """

    def __init__(
        self,
        backbone: dict,
        dim: int = 512,
        init: str = 'random',
        trainable: Sequence[str] = (),
        image_size: int | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.backbone, width = build_backbone(backbone)
        self._frozen = FrozenPart(self.backbone, True)
        self.trainable = (trainable,) if isinstance(trainable, str) else tuple(trainable)
        for pattern in self.trainable:
            _unfreeze(self.backbone, pattern)
        self.projection = nn.Linear(width, dim)
        self.init = init
        self.image_size = image_size
        self.train()

    def init_weights(self) -> None:
        super().init_weights()
        if self.init != 'random':
            load_backbone(self.backbone, self.init, 'instruction_encoder')
            return
        print_log(
            'the instruction encoder starts at random and its frozen weights stay so: the prior '
            'knows nothing of scenes. Set model.instruction_encoder.init to a weight file',
            logger='current',
            level=logging.WARNING,
        )

    def train(self, mode: bool = True) -> 'InstructionEncoder':
        super().train(mode)
        self.backbone.eval()
        return self

    def forward(
        self, images: Tensor | None = None, features: Sequence[Tensor] | None = None
    ) -> Tensor:
        if features is not None:
            return self.projection(features[0].to(self.projection.weight.dtype))
        recorded = bool(self.trainable) and torch.is_grad_enabled()
        return self.projection(self._pooled(images, recorded))

    def frozen_output(self, images: Tensor) -> tuple[Tensor]:
        """The pooled vectors of images ``(B, 3, H, W)``, which do not change in training."""
        return (self._pooled(images, recorded=False),)

    @property
    def frozen(self) -> FrozenPart | None:
        """What :meth:`frozen_output` depends on; ``None`` if parts of the backbone are trained."""
        return None if self.trainable else self._frozen

    def _pooled(self, images: Tensor, recorded: bool) -> Tensor:
        images = images.detach()
        if self.image_size is not None:
            images = resize(images, self.image_size)
        with torch.set_grad_enabled(recorded):
            images = images.contiguous() if recorded else channels_last(images)
            return read_out(self.backbone, self.backbone(images))[0]


def _unfreeze(backbone: nn.Module, pattern: str) -> None:
    matched = [p for name, p in backbone.named_parameters() if fnmatchcase(name, pattern)]
    if not matched:
        parts = list(dict.fromkeys(n.partition('.')[0] for n, _ in backbone.named_parameters()))
        raise ValueError(
            f'trainable={pattern!r} matches no parameter of {type(backbone).__name__}, which has '
            f'the parts {first_few(parts, 12)}: give a pattern such as {f"{parts[-1]}.*"!r}'
        )
    for parameter in matched:
        parameter.requires_grad_(True)
