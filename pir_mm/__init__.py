"""Text-image retrieval in remote sensing, as a plugin for OpenMMLab."""
from pir_mm.version import __version__

__all__ = ['__version__']
