"""What reads an image and a text together."""

from pir_mm.models.fusion.fusion_encoder import FusionEncoder, ImageKeys
from pir_mm.models.fusion.fusion_step import FusionStep

__all__ = ['FusionEncoder', 'FusionStep', 'ImageKeys']
