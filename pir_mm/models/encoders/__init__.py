"""Encoders of images and texts."""

from pir_mm.models.encoders.bert_encoder import BertEncoder
from pir_mm.models.encoders.clip_towers import CLIPTextTower, clip_resnet
from pir_mm.models.encoders.frozen_part import FrozenPart
from pir_mm.models.encoders.gru_encoder import GRUEncoder
from pir_mm.models.encoders.image_encoder import ImageEncoder
from pir_mm.models.encoders.instruction_encoder import InstructionEncoder

__all__ = [
    'BertEncoder',
    'CLIPTextTower',
    'FrozenPart',
    'GRUEncoder',
    'ImageEncoder',
    'InstructionEncoder',
    'clip_resnet',
]
