"""Transforms of pictures."""

from pir_mm.datasets.transforms.load_picture import LoadPicture
from pir_mm.datasets.transforms.random_turn import RandomTurn

__all__ = ['LoadPicture', 'RandomTurn']
