"""Outlines in integer units: every function gives a polygon ``(n, 2)`` of int32 corners."""

import math

import numpy as np

from pir_mm.datasets.scenes.dice import Dice

SINE = np.array([round(math.sin(math.radians(degree)) * 4096) for degree in range(360)])


def sine(degree: int) -> int:
    """``4096 * sin``."""
    return int(SINE[degree % 360])


def cosine(degree: int) -> int:
    """``4096 * cos``."""
    return int(SINE[(degree + 90) % 360])


def turned(points: np.ndarray, degree: int) -> np.ndarray:
    """``points`` turned about the origin, clockwise on the screen."""
    x, y = np.asarray(points)[..., 0], np.asarray(points)[..., 1]
    c, s = cosine(degree), sine(degree)
    return np.stack([x * c - y * s >> 12, x * s + y * c >> 12], axis=-1)


def placed(outline: list, x: int, y: int, scale: int, degree: int = 0) -> np.ndarray:
    """An outline drawn in thousandths: scaled to ``scale`` units, turned, moved to (x, y)."""
    return turned(np.array(outline) * scale // 1000, degree) + (x, y)


def box(x: int, y: int, width: int, height: int, degree: int = 0) -> np.ndarray:
    """A rectangle about the centre (x, y)."""
    w, h = width // 2, height // 2
    return turned(np.array([(-w, -h), (w, -h), (w, h), (-w, h)]), degree) + (x, y)


def span(left: int, top: int, right: int, bottom: int) -> np.ndarray:
    """A rectangle by its edges."""
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])


def disc(x: int, y: int, radius: int, radius_y: int | None = None, corners: int = 24):
    degrees = np.arange(corners) * 360 // corners
    wide = SINE[(degrees + 90) % 360] * radius >> 12
    high = SINE[degrees] * (radius if radius_y is None else radius_y) >> 12
    return np.stack([wide + x, high + y], axis=-1)


def blob(dice: Dice, x: int, y: int, radius: int, radius_y: int | None = None) -> np.ndarray:
    """A rounded patch, nowhere wider than the ellipse of these radii."""
    wave, lobes = dice.between(0, 359), dice.between(2, 3)
    degrees = np.arange(32) * 360 // 32
    swing = SINE[(degrees * lobes + wave) % 360] + SINE[(degrees + 2 * wave) % 360]
    scale = 832 + (swing * 96 >> 12)
    edge = disc(0, 0, radius, radius_y, 32)
    return (edge * scale[:, None] >> 10) + (x, y)


def ribbon(path: list, width: int) -> np.ndarray:
    """A band of constant width along a path that runs mostly in one direction."""
    path = np.asarray(path)
    ahead = np.concatenate([path[1:], path[-1:]]) - np.concatenate([path[:1], path[:-1]])
    length = np.array([max(1, math.isqrt(int(x * x + y * y))) for x, y in ahead])
    side = np.stack([-ahead[:, 1], ahead[:, 0]], axis=-1) * (width // 2) // length[:, None]
    return np.concatenate([path + side, (path - side)[::-1]])


def wavy(dice: Dice, y: int, swing: int, left: int = -220, right: int = 1244) -> list:
    """A winding path from left to right about the height ``y``."""
    wave, pace = dice.between(0, 359), dice.between(20, 44)
    path = []
    for x in range(left, right + 1, 48):
        bend = sine(wave + x * pace // 100) + sine(2 * wave + x * pace // 45) // 3
        path.append((x, y + (bend * swing >> 12)))
    return path
