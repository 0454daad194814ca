"""What reads an image and a text together."""

from pir_mm.models.fusion.fusion_encoder import FusionEncoder, ImageKeys

__all__ = ['FusionEncoder', 'ImageKeys']
