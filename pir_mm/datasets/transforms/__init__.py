"""Transforms of pictures."""

from pir_mm.datasets.transforms.load_picture import LoadPicture
from pir_mm.datasets.transforms.random_turn import RandomTurn
from pir_mm.datasets.transforms.two_views import TwoViews

__all__ = ['LoadPicture', 'RandomTurn', 'TwoViews']
