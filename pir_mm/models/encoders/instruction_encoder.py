"""The scene prior of a picture, from a frozen scene classifier."""

import logging

import torch
from mmengine.logging import print_log
from mmengine.model import BaseModule
from torch import Tensor, nn

from pir_mm.models.encoders.backbone import build_backbone, load_backbone, read_out
from pir_mm.registry import MODELS


@MODELS.register_module()
class InstructionEncoder(BaseModule):
    """A frozen backbone's global vector, and a linear layer that is trained.

    The prior of Pan et al., *A Prior Instruction Representation Framework for Remote Sensing
    Image-text Retrieval*, ACM MM 2023: a ResNet-50 trained to classify the scenes of AID. Any
    mmpretrain backbone may take its place.

    Frozen is meant in full: no gradient is recorded, and the backbone stays in evaluation mode
    when the model is put into training mode. In the authors' code its batch statistics move
    on, and its weights are never found in their file, so that it starts at random and remains
    so; here a file is loaded whole or refused.

    Args:
        backbone: config of the backbone; its output width is found out.
        dim: width of the instruction.
        init: weights of the backbone before training: a file with its own names, or
            ``'random'``, which makes the prior a random projection, an ablation.

    Shape:
        - images: ``(B, 3, H, W)``, normalised
        - output: ``(B, dim)``

    Raises:
        ValueError: if the backbone ends in neither a map nor a sequence with a class token.
    """

    def __init__(self, backbone: dict, dim: int = 512, init: str = 'random', init_cfg=None):
        super().__init__(init_cfg)
        self.backbone, width = build_backbone(backbone)
        self.backbone.requires_grad_(False)
        self.projection = nn.Linear(width, dim)
        self.init = init
        self.train()

    def init_weights(self) -> None:
        super().init_weights()
        if self.init == 'random':
            print_log(
                'the instruction encoder starts at random and stays so: its prior knows nothing '
                'of scenes. Set model.instruction_encoder.init to a weight file',
                logger='current',
                level=logging.WARNING,
            )
        else:
            load_backbone(self.backbone, self.init, 'instruction_encoder')

    def train(self, mode: bool = True) -> 'InstructionEncoder':
        super().train(mode)
        self.backbone.eval()
        return self

    def forward(self, images: Tensor) -> Tensor:
        # A quarter faster on a CPU, and safe here, where nothing goes backward.
        images = images.contiguous(memory_format=torch.channels_last)
        with torch.no_grad():
            pooled, _ = read_out(self.backbone, self.backbone(images))
        return self.projection(pooled)
