"""Text-image retrieval in remote sensing, as a plugin for OpenMMLab."""

import warnings

from pir_mm.version import __version__

# mmcv-lite says at import that it has no compiled operators; nothing here needs one.
warnings.filterwarnings('ignore', message='Fail to import ``MultiScaleDeformableAttention``')

__all__ = ['__version__']
