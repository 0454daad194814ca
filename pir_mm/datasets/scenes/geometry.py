"""Outlines of things, and places to put them, in integer units of the plan.

An outline is a polygon ``(n, 2)`` of integer corners (x, y).
"""

import math
from collections.abc import Sequence

import numpy as np

from pir_mm.datasets.scenes.random_stream import RandomStream

Area = tuple[int, int, int, int]  # left, top, right, bottom of the plan
Point = tuple[int, int]

SINE = np.array([round(math.sin(math.radians(degree)) * 4096) for degree in range(360)])


def sine(degree: int) -> int:
    """``4096 * sin``."""
    return int(SINE[degree % 360])


def cosine(degree: int) -> int:
    """``4096 * cos``."""
    return int(SINE[(degree + 90) % 360])


def rotated(points: np.ndarray, degree: int) -> np.ndarray:
    """``points (..., 2)`` rotated about the origin, clockwise on the screen."""
    x, y = np.asarray(points)[..., 0], np.asarray(points)[..., 1]
    c, s = cosine(degree), sine(degree)
    return np.stack([x * c - y * s >> 12, x * s + y * c >> 12], axis=-1)


def placed(outline: Sequence, x: int, y: int, scale: int, degree: int = 0) -> np.ndarray:
    """Scale an outline given in thousandths to ``scale`` units, rotate it, move it to (x, y)."""
    return rotated(np.array(outline) * scale // 1000, degree) + (x, y)


def box(x: int, y: int, width: int, height: int, degree: int = 0) -> np.ndarray:
    """A rectangle by its centre (x, y), perhaps rotated."""
    w, h = width // 2, height // 2
    return rotated(np.array([(-w, -h), (w, -h), (w, h), (-w, h)]), degree) + (x, y)


def rectangle(left: int, top: int, right: int, bottom: int) -> np.ndarray:
    """A rectangle by its edges."""
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])


def disc(x: int, y: int, radius: int, radius_y: int | None = None, corners: int = 24) -> np.ndarray:
    """A polygon on the ellipse of these radii; a circle if ``radius_y`` is None."""
    degrees = np.arange(corners) * 360 // corners
    wide = SINE[(degrees + 90) % 360] * radius >> 12
    high = SINE[degrees] * (radius if radius_y is None else radius_y) >> 12
    return np.stack([wide + x, high + y], axis=-1)


def blob(rng: RandomStream, x: int, y: int, radius: int, radius_y: int | None = None) -> np.ndarray:
    """A rounded patch of random shape inside the ellipse of these radii."""
    wave, lobes = rng.between(0, 359), rng.between(2, 3)
    degrees = np.arange(32) * 360 // 32
    swing = SINE[(degrees * lobes + wave) % 360] + SINE[(degrees + 2 * wave) % 360]
    scale = 832 + (swing * 96 >> 12)
    edge = disc(0, 0, radius, radius_y, 32)
    return (edge * scale[:, None] >> 10) + (x, y)


def ribbon(path: Sequence, width: int) -> np.ndarray:
    """A band of constant width along a path that runs mostly in one direction."""
    path = np.asarray(path)
    ahead = np.concatenate([path[1:], path[-1:]]) - np.concatenate([path[:1], path[:-1]])
    length = np.array([max(1, math.isqrt(int(x * x + y * y))) for x, y in ahead])
    side = np.stack([-ahead[:, 1], ahead[:, 0]], axis=-1) * (width // 2) // length[:, None]
    return np.concatenate([path + side, (path - side)[::-1]])


def wavy(rng: RandomStream, y: int, swing: int, left: int = -220, right: int = 1244) -> list[Point]:
    """A winding path from left to right around the height ``y``."""
    wave, pace = rng.between(0, 359), rng.between(20, 44)
    path = []
    for x in range(left, right + 1, 48):
        bend = sine(wave + x * pace // 100) + sine(2 * wave + x * pace // 45) // 3
        path.append((x, y + (bend * swing >> 12)))
    return path


def scattered(rng: RandomStream, count: int, area: Area, room: tuple[int, int]) -> list[Point]:
    """Random centres of ``count`` things in an area; none comes into the space of another.

    Args:
        rng: decides the places.
        count: number of things.
        area: where they may lie.
        room: width and height of the space that each thing gets.

    Raises:
        ValueError: if the area has too few places.
    """
    left, top, right, bottom = area
    columns, rows = (right - left) // room[0], (bottom - top) // room[1]
    if columns * rows < count:
        raise ValueError(
            f'{count} things of {room} units do not fit in {area}, which has room for '
            f'{columns * rows}: ask for fewer things or a larger area'
        )
    wide, high = (right - left) // max(1, columns), (bottom - top) // max(1, rows)
    cells = [(column, row) for row in range(rows) for column in range(columns)]
    spots = []
    for column, row in sorted(rng.sample(cells, count)):
        spare_x, spare_y = (wide - room[0]) // 2, (high - room[1]) // 2
        x = left + column * wide + wide // 2 + rng.between(-spare_x, spare_x)
        spots.append((x, top + row * high + high // 2 + rng.between(-spare_y, spare_y)))
    return spots


def in_line(count: int, left: int, right: int, y: int, pitch: int = 10**6) -> list[Point]:
    """Centres at equal distances of at most ``pitch`` on a horizontal line, around its middle."""
    pitch = min(pitch, (right - left) // count)
    first = (left + right - pitch * (count - 1)) // 2
    return [(first + k * pitch, y) for k in range(count)]


def in_rows(count: int, area: Area, per_row: int) -> tuple[list[Point], int]:
    """Centres in rows of at most ``per_row`` that fill the area, and the number of rows."""
    left, top, right, bottom = area
    rows = -(-count // per_row)
    spots = []
    for row in range(rows):
        share = count // rows + (row < count % rows)
        y = top + (2 * row + 1) * (bottom - top) // (2 * rows)
        spots += in_line(share, left, right, y)
    return spots, rows
