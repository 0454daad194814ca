"""Everything a config can build by ``pir_mm.NAME`` in a model."""

try:
    import mmpretrain.models  # noqa: F401
except (NameError, TypeError, ImportError, AttributeError) as error:
    raise ImportError(
        f'mmpretrain.models cannot be imported ({error}). If pycocotools is installed, it clashes '
        'with transformers 4.52 and later: `pip uninstall pycocotools`'
    ) from error

from pir_mm.models import classifiers, encoders, fusion, heads, layers, losses, retrievers

__all__ = ['classifiers', 'encoders', 'fusion', 'heads', 'layers', 'losses', 'retrievers']
