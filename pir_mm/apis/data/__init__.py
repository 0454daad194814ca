"""Data sets: preparing them, drawing example scenes, finding near-copies."""

from pir_mm.apis.data.auditing import audit_pictures
from pir_mm.apis.data.picture_set import PictureSet, read_picture_set
from pir_mm.datasets.preparation import prepare_dataset
from pir_mm.datasets.scenes import make_scenes

__all__ = ['PictureSet', 'audit_pictures', 'make_scenes', 'prepare_dataset', 'read_picture_set']
