"""Weights of others, by our names."""

from pir_mm.models.converters.conversion import Conversion
from pir_mm.models.converters.layouts import LAYOUTS, convert_weights
from pir_mm.models.converters.microsoft_swin import is_microsoft_swin, swin_to_mmpretrain
from pir_mm.models.converters.pir_itr import pir_itr_weights

__all__ = [
    'LAYOUTS',
    'Conversion',
    'convert_weights',
    'is_microsoft_swin',
    'pir_itr_weights',
    'swin_to_mmpretrain',
]
