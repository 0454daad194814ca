"""Public weights of other projects, renamed for our modules."""

from pir_mm.models.converters.conversion import Conversion
from pir_mm.models.converters.layouts import LAYOUTS, convert_weights

__all__ = ['LAYOUTS', 'Conversion', 'convert_weights']
