"""Public weights of other projects, renamed for our modules."""

from pir_mm.models.converters.conversion import Conversion
from pir_mm.models.converters.layouts import LAYOUTS, RETRIEVERS, convert_weights

__all__ = ['LAYOUTS', 'RETRIEVERS', 'Conversion', 'convert_weights']
