"""Pictures drawn as if seen from above, with captions: example data that needs no download."""

from pir_mm.datasets.scenes.generate import make_scenes

__all__ = ['make_scenes']
