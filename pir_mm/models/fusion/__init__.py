"""What reads an image and a text together."""

from pir_mm.models.fusion.fusion_encoder import FusionEncoder, ImageKeys
from pir_mm.models.fusion.fusion_step import FusionStep
from pir_mm.models.fusion.image_attention import AttendedPairs, attended_pairs

__all__ = ['AttendedPairs', 'FusionEncoder', 'FusionStep', 'ImageKeys', 'attended_pairs']
