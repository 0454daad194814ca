"""The orientations in which a scene can be seen from above."""

import random

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from pir_mm.registry import TRANSFORMS

TURNS = (1, 2, 4, 8)


@TRANSFORMS.register_module()
class RandomTurn(BaseTransform):
    """One of the orientations of ``img``, each equally likely.

    Seen from above, a scene is the same in all eight orientations of a square. Captions may say
    "left" or "upper"; few do.

    Args:
        turns: how many of the eight: 2 are the picture and its mirror image, left to right; 4 are
            these and both upside down; 8 are these four and their transposes; 1 changes nothing.

    Raises:
        ValueError: for another number.
    """

    def __init__(self, turns: int = 8) -> None:
        if turns not in TURNS:
            raise ValueError(f'turns must be one of {", ".join(map(str, TURNS))}, got {turns}')
        self.turns = turns

    def transform(self, results: dict) -> dict:
        """Turn ``img`` by ``turn`` of ``results`` if it has one, else by a drawn one."""
        turn = results.get('turn')
        image = turned(results['img'], random.randrange(self.turns) if turn is None else turn)
        return {**results, 'img': image, 'img_shape': image.shape[:2]}

    def __repr__(self) -> str:
        return f'RandomTurn(turns={self.turns})'


def turned(image: np.ndarray, turn: int) -> np.ndarray:
    """An image ``(H, W, C)`` in one of eight orientations.

    Bit 2 of ``turn`` transposes it, then bit 0 mirrors it and bit 1 puts it upside down.
    """
    if turn & 4:
        image = cv2.transpose(image)
    if turn & 1:
        image = cv2.flip(image, 1)
    if turn & 2:
        image = cv2.flip(image, 0)
    return image
