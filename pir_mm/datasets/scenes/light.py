"""From the oversampled sheet to a picture as a sensor would have taken it."""

import numpy as np

from pir_mm.datasets.scenes.dice import Dice

HAZE = (206, 196, 186)


def develop(sheet: np.ndarray, dice: Dice, oversampling: int) -> np.ndarray:
    """Reduce, soften, light, haze and roughen; semantic noise that no caption tells.

    Args:
        sheet: ``(side, side, 3)`` uint8.
        dice: decides softness, exposure, colour cast, fall-off of the light, haze and grain.
        oversampling: sheet pixels per picture pixel.

    Returns:
        ``(side / oversampling, side / oversampling, 3)`` uint8.
    """
    picture = _reduced(sheet, oversampling)
    picture = (picture * 4 + (_softened(picture) - picture) * dice.between(1, 4)) >> 2
    size = picture.shape[0]
    gain = dice.between(226, 272) + np.array([dice.between(-7, 7) for _ in range(3)])
    ramp = np.arange(size) * 2 - size
    slope = ramp[:, None] * dice.between(-24, 24) + ramp[None, :] * dice.between(-24, 24)
    light = gain + (slope // size + (dice.cloth(size, ((3, 256),)) >> 3))[:, :, None]
    picture = picture * light >> 8
    picture += (np.array(HAZE) - picture) * dice.between(4, 34) >> 8
    grain = dice.bytes(size, size, 1) + dice.bytes(size, size, 1) - 255
    hue = dice.bytes(size, size, 3) - 128
    picture += (grain * dice.between(3, 9) + hue * dice.between(2, 5)) >> 8
    return np.clip(picture, 0, 255).astype(np.uint8)


def _reduced(sheet: np.ndarray, factor: int) -> np.ndarray:
    """Mean of each ``factor`` by ``factor`` block, rounded."""
    rows = sheet[::factor].astype(np.int32)
    for k in range(1, factor):
        rows += sheet[k::factor]
    blocks = rows[:, ::factor].copy()
    for k in range(1, factor):
        blocks += rows[:, k::factor]
    area = factor * factor
    return (blocks + area // 2) // area


def _softened(picture: np.ndarray) -> np.ndarray:
    """The 3 by 3 binomial blur."""
    for axis in (0, 1):
        last = picture.shape[axis] - 1
        before = np.take(picture, np.clip(np.arange(last + 1) - 1, 0, last), axis)
        after = np.take(picture, np.clip(np.arange(last + 1) + 1, 0, last), axis)
        picture = (before + 2 * picture + after + 2) >> 2
    return picture
