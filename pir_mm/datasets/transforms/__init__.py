"""Transforms of pictures."""

from pir_mm.datasets.transforms.load_picture import LoadPicture

__all__ = ['LoadPicture']
