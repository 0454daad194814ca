"""The canvas on which a scene is drawn, from polygons to the finished picture.

All arithmetic is in integers, so that every machine gives the same pixels.
"""

import cv2
import numpy as np
from numpy.typing import ArrayLike

from pir_mm.datasets.scenes.geometry import cosine, rotated, sine
from pir_mm.datasets.scenes.random_stream import RandomStream

FRAME = 1024  # units along a side of the picture
OVERSAMPLING = 4
SIDES = {'left': (-1, 0), 'right': (1, 0), 'top': (0, -1), 'bottom': (0, 1)}
AXES = {'rightward': (1, 0), 'downward': (0, 1)}
SHADOW = (44, 34, 30)
HAZE = (206, 196, 186)
BAND = 48  # rows blended at a time: they stay in the cache of the processor
NOISE_OCTAVES = ((4, 90), (11, 80), (27, 70), (61, 70), (128, 80))
SUBPIXELS = 16  # a multiple of it is the centre of a pixel


class Canvas:
    """Draws polygons given in units of a plan, for a picture of any size.

    The plan is mirrored, rotated by quarters and tilted by a few degrees, all at random, so one
    plan gives many different pictures. ``side_in_picture`` tells what a side of the plan is called
    in the picture. Boxes of things are in units of the picture before the tilt.

    The picture is drawn four times as large as it will be.

    Args:
        rng: random stream of this picture.
        size: side of the finished picture in pixels.
    """

    def __init__(self, rng: RandomStream, size: int) -> None:
        self.rng = rng
        self.pixels = np.zeros((size * OVERSAMPLING, size * OVERSAMPLING, 3), np.uint8)
        self.quarters, self.mirrored = rng.below(4), rng.chance(50)
        self.tilt = rng.between(-7, 7)
        sun = rng.below(360)
        self.sun = np.array([cosine(sun), sine(sun)])
        half = rng.noise(size * OVERSAMPLING // 2, NOISE_OCTAVES)
        self.noise = half.astype(np.int16).repeat(2, axis=0).repeat(2, axis=1)

    def to_picture(self, points: np.ndarray) -> np.ndarray:
        """Directions ``(..., 2)`` of the plan, as they are in the picture before the tilt."""
        x, y = np.asarray(points)[..., 0], np.asarray(points)[..., 1]
        x = -x if self.mirrored else x
        for _ in range(self.quarters):
            x, y = -y, x
        return np.stack([x, y], axis=-1)

    def side_in_picture(self, name: str | None) -> str | None:
        """Name in the picture of a side or axis of the plan; other words stay as they are."""
        for names in (SIDES, AXES):
            if name in names:
                seen = self.to_picture(names[name])
                seen = abs(seen) if names is AXES else seen
                return next(word for word, way in names.items() if tuple(seen) == way)
        return name

    def box_of(self, *outlines: np.ndarray) -> tuple[int, int, int, int]:
        """Left, top, right, bottom around the outlines, in the picture before the tilt."""
        points = self.to_picture(np.concatenate(outlines) - FRAME // 2) + FRAME // 2
        return (*points.min(axis=0).tolist(), *points.max(axis=0).tolist())

    def _corners(self, points: np.ndarray) -> np.ndarray:
        """From units of the plan to sixteenths of a pixel."""
        points = rotated(16 * self.to_picture(np.asarray(points) - FRAME // 2), self.tilt)
        side = self.pixels.shape[0]
        return ((points + 8 * FRAME) * side // FRAME - 8).astype(np.int32)

    def paint(
        self, points: ArrayLike, colour: ArrayLike, grain: int = 0, strength: int = 256
    ) -> None:
        """Fill one polygon.

        Args:
            points: ``(n, 2)`` corners in units of the plan.
            colour: blue, green, red.
            grain: how rough the colour is; 0 is even.
            strength: opacity, from 0 to 256.
        """
        corners = self._corners(points)
        if grain == 0 and strength == 256 and cv2.isContourConvex(corners):
            cv2.fillConvexPoly(self.pixels, corners, [int(c) for c in colour], shift=4)
        else:
            self._fill([corners], colour, grain, strength)

    def paint_all(self, outlines: np.ndarray, colours: np.ndarray) -> None:
        """Fill many convex polygons ``(n, k, 2)`` one after the other with colours ``(n, 3)``."""
        for corners, colour in zip(self._corners(outlines), colours.tolist(), strict=True):
            cv2.fillConvexPoly(self.pixels, corners, colour, shift=4)

    def shadow(self, points: np.ndarray, height: int) -> None:
        """Paint the shadow of a thing of this outline and height (in units)."""
        corners, side = self._corners(points), self.pixels.shape[0]
        throw = -self.sun * height * side * 16 // FRAME >> 12
        copies = [(corners + throw * k // 4).astype(np.int32) for k in range(5)]
        self._fill(copies, SHADOW, 0, 150)

    def shadow_at(self, points: np.ndarray, move: ArrayLike) -> None:
        """Paint the shadow of a thin thing high up, moved by ``move`` units of the picture."""
        throw = np.asarray(move) * self.pixels.shape[0] * 16 // FRAME
        self._fill([(self._corners(points) + throw).astype(np.int32)], SHADOW, 0, 84)

    def slope(self, direction: tuple[int, int], degree: int, contrast: int) -> int:
        """How much lighter a roof is that faces ``direction`` of a thing rotated by ``degree``."""
        facing = rotated(self.to_picture(rotated(np.array(direction) * 4096, degree)), self.tilt)
        return int(facing @ self.sun * contrast >> 24)

    def towards_sun(self, length: int) -> tuple[int, int]:
        """A step in the plan of ``length`` units towards the sun."""
        x, y = (rotated(self.sun, -self.tilt) * length >> 12).tolist()
        for _ in range(self.quarters):
            x, y = y, -x
        return (-x if self.mirrored else x), y

    def mottle(self, colour: ArrayLike, level: int, strength: int = 140) -> None:
        """Paint blotches over everything drawn so far; a higher level gives fewer."""
        self._blend(
            self.pixels, (self.noise > level).astype(np.uint8), colour, 40, strength, self.noise
        )

    def stripes(
        self, points: np.ndarray, colour: ArrayLike, width: int, degree: int, strength: int = 90
    ) -> None:
        """Paint parallel stripes of ``width`` units within a polygon, at an angle of the plan."""
        across = rotated(self.to_picture((cosine(degree), sine(degree))), self.tilt)
        view, mask, noise, (left, top) = self._window([self._corners(points)])
        y, x = np.ogrid[: mask.shape[0], : mask.shape[1]]
        distance = (x + left) * int(across[0]) + (y + top) * int(across[1]) >> 12
        step = max(2, width * self.pixels.shape[0] // FRAME)
        self._blend(view, mask * (distance % (2 * step) < step), colour, 0, strength, noise)

    def picture(self) -> np.ndarray:
        """The finished picture ``(size, size, 3)`` uint8; channels blue, green, red."""
        return photograph(self.pixels, self.rng, OVERSAMPLING)

    def _window(self, outlines: list) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple]:
        """The part of the canvas that outlines may touch: pixels, mask, noise, left and top."""
        side = self.pixels.shape[0]
        points = np.concatenate(outlines)
        left, top = np.clip((points.min(axis=0) >> 4) - 1, 0, side)
        right, bottom = np.clip((points.max(axis=0) >> 4) + 2, 0, side)
        width, height = max(0, right - left), max(0, bottom - top)
        mask = polygon_mask(
            [corners - (left * 16, top * 16) for corners in outlines], width, height
        )
        window = np.s_[top : top + height, left : left + width]
        return self.pixels[window], mask, self.noise[window], (left, top)

    def _fill(self, outlines: list, colour: ArrayLike, grain: int, strength: int) -> None:
        view, mask, noise, _ = self._window(outlines)
        self._blend(view, mask, colour, grain, strength, noise)

    @staticmethod
    def _blend(
        pixels: np.ndarray,
        masks: np.ndarray,
        colour: ArrayLike,
        grain: int,
        strength: int,
        noises: np.ndarray,
    ) -> None:
        """Paint ``colour`` into ``pixels`` where the mask is 1."""
        paint = np.asarray(colour, np.int16)
        for top in range(0, len(masks), BAND):
            view, mask = pixels[top : top + BAND], masks[top : top + BAND]
            new = np.broadcast_to(paint, view.shape)
            if grain:
                rough = noises[top : top + BAND] * np.int16(grain) >> 7
                new = np.clip(new + rough[:, :, None], 0, 255)
            if strength < 256:  # halved, so that products fit into int16
                new = view + ((new - view) * np.int16(strength // 2) >> 7)
            cv2.copyTo(new.astype(np.uint8), mask, view)


def polygon_mask(outlines: list[np.ndarray], width: int, height: int) -> np.ndarray:
    """Pixels with their centre inside at least one polygon, by the non-zero winding rule.

    OpenCV's ``fillPoly`` is not used: its pixels changed in version 4.11.

    Args:
        outlines: closed polygons ``(n, 2)`` in sixteenths of a pixel; they may go beyond the mask.
        width: of the mask in pixels.
        height: of the mask in pixels.

    Returns:
        ``(height, width)`` uint8, 1 inside.
    """
    start = np.concatenate(outlines).astype(np.int64)
    end = np.concatenate([np.roll(outline, -1, axis=0) for outline in outlines]).astype(np.int64)
    low, high = np.minimum(start[:, 1], end[:, 1]), np.maximum(start[:, 1], end[:, 1])
    first, last = (np.clip(-(-y // SUBPIXELS), 0, height) for y in (low, high))
    rows_each = last - first
    edge = np.repeat(np.arange(len(start)), rows_each)
    if not edge.size:
        return np.zeros((height, width), np.uint8)
    nth = np.arange(edge.size) - np.repeat(rows_each.cumsum() - rows_each, rows_each)
    row = first[edge] + nth
    (x, y), (far_x, far_y) = start[edge].T, end[edge].T
    crossing = x + (row * SUBPIXELS - y) * (far_x - x) // (far_y - y)
    column = np.clip(-(-crossing // SUBPIXELS), 0, width)
    turns = np.bincount(row * (width + 1) + column, np.sign(far_y - y), height * (width + 1))
    turns = turns.astype(np.int8).reshape(height, width + 1)[:, :width]
    return (turns.cumsum(axis=1, dtype=np.int8) != 0).astype(np.uint8)


def photograph(canvas: np.ndarray, rng: RandomStream, oversampling: int) -> np.ndarray:
    """Turn the large canvas into a picture as a sensor would take it.

    Size reduction, blur, light, haze and grain: differences that no caption mentions.

    Args:
        canvas: ``(side, side, 3)`` uint8.
        rng: decides softness, exposure, colour cast, fall-off of the light, haze and grain.
        oversampling: pixels of the canvas per pixel of the picture, along a side.

    Returns:
        ``(side / oversampling, side / oversampling, 3)`` uint8.
    """
    picture = _reduced(canvas, oversampling)
    picture = (picture * 4 + (_softened(picture) - picture) * rng.between(1, 4)) >> 2
    size = picture.shape[0]
    gain = rng.between(226, 272) + np.array([rng.between(-7, 7) for _ in range(3)])
    ramp = np.arange(size) * 2 - size
    slope = ramp[:, None] * rng.between(-24, 24) + ramp[None, :] * rng.between(-24, 24)
    light = gain + (slope // size + (rng.noise(size, ((3, 256),)) >> 3))[:, :, None]
    picture = picture * light >> 8
    picture += (np.array(HAZE) - picture) * rng.between(4, 34) >> 8
    grain = rng.bytes(size, size, 1) + rng.bytes(size, size, 1) - 255
    hue = rng.bytes(size, size, 3) - 128
    picture += (grain * rng.between(3, 9) + hue * rng.between(2, 5)) >> 8
    return np.clip(picture, 0, 255).astype(np.uint8)


def _reduced(canvas: np.ndarray, factor: int) -> np.ndarray:
    """Mean of each ``factor`` by ``factor`` block, rounded."""
    rows = canvas[::factor].astype(np.int32)
    for k in range(1, factor):
        rows += canvas[k::factor]
    blocks = rows[:, ::factor].copy()
    for k in range(1, factor):
        blocks += rows[:, k::factor]
    area = factor * factor
    return (blocks + area // 2) // area


def _softened(picture: np.ndarray) -> np.ndarray:
    """Binomial blur of 3 by 3 pixels."""
    for axis in (0, 1):
        last = picture.shape[axis] - 1
        before = np.take(picture, np.clip(np.arange(last + 1) - 1, 0, last), axis)
        after = np.take(picture, np.clip(np.arange(last + 1) + 1, 0, last), axis)
        picture = (before + 2 * picture + after + 2) >> 2
    return picture
