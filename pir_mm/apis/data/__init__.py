"""Data sets: preparing them and drawing example scenes; :mod:`auditing` finds near-copies."""

from pir_mm.apis.data.picture_set import PictureSet, read_picture_set
from pir_mm.datasets.preparation import prepare_dataset
from pir_mm.datasets.scenes import make_scenes

__all__ = ['PictureSet', 'make_scenes', 'prepare_dataset', 'read_picture_set']
