"""The sheet a scene is drawn on, in integer arithmetic only."""

import cv2
import numpy as np

from pir_mm.datasets.scenes import shapes
from pir_mm.datasets.scenes.dice import Dice
from pir_mm.datasets.scenes.light import develop
from pir_mm.datasets.scenes.raster import filled

FRAME = 1024  # units along a side of the picture
OVERSAMPLING = 4
SIDES = {'left': (-1, 0), 'right': (1, 0), 'top': (0, -1), 'bottom': (0, 1)}
AXES = {'rightward': (1, 0), 'downward': (0, 1)}
SHADOW = (44, 34, 30)
BAND = 48  # rows blended at a time, which stay in the processor's cache
OCTAVES = ((4, 90), (11, 80), (27, 70), (61, 70), (128, 80))


class Canvas:
    """Draws polygons given in units of a plan, whatever the size of the picture.

    The plan is drawn mirrored, turned by quarters and tilted by a few degrees, all drawn by lot,
    so that one plan serves many pictures; ``side`` names a side of the plan as it is seen. Boxes
    of things are kept in the frame of the picture before the tilt.

    Args:
        dice: the picture's own random stream.
        size: side of the finished picture in pixels.
    """

    def __init__(self, dice: Dice, size: int) -> None:
        self.dice = dice
        self.pixels = np.zeros((size * OVERSAMPLING, size * OVERSAMPLING, 3), np.uint8)
        self.quarters, self.mirrored = dice.below(4), dice.chance(50)
        self.tilt = dice.between(-7, 7)
        sun = dice.below(360)
        self.sun = np.array([shapes.cosine(sun), shapes.sine(sun)])
        half = dice.cloth(size * OVERSAMPLING // 2, OCTAVES)
        self.cloth = half.astype(np.int16).repeat(2, axis=0).repeat(2, axis=1)

    def seen(self, points: np.ndarray) -> np.ndarray:
        """Directions of the plan, mirrored and turned by quarters."""
        x, y = np.asarray(points)[..., 0], np.asarray(points)[..., 1]
        x = -x if self.mirrored else x
        for _ in range(self.quarters):
            x, y = -y, x
        return np.stack([x, y], axis=-1)

    def side(self, name: str | None) -> str | None:
        """What a side or an axis of the plan is called in the picture; other words unchanged."""
        for names in (SIDES, AXES):
            if name in names:
                seen = self.seen(names[name])
                seen = abs(seen) if names is AXES else seen
                return next(word for word, way in names.items() if tuple(seen) == way)
        return name

    def box_of(self, *outlines: np.ndarray) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of the outlines, in units of the picture before the tilt."""
        points = self.seen(np.concatenate(outlines) - FRAME // 2) + FRAME // 2
        return (*points.min(axis=0).tolist(), *points.max(axis=0).tolist())

    def _corners(self, points: np.ndarray) -> np.ndarray:
        """Plan units to sixteenths of a pixel."""
        points = shapes.turned(16 * self.seen(np.asarray(points) - FRAME // 2), self.tilt)
        side = self.pixels.shape[0]
        return ((points + 8 * FRAME) * side // FRAME - 8).astype(np.int32)

    def paint(self, points: np.ndarray, colour, grain: int = 0, strength: int = 256) -> None:
        """Fill one polygon; ``grain`` roughens it, ``strength`` of 256 lets the ground through."""
        corners = self._corners(points)
        if grain == 0 and strength == 256 and cv2.isContourConvex(corners):
            cv2.fillConvexPoly(self.pixels, corners, [int(c) for c in colour], shift=4)
        else:
            self._wash([corners], colour, grain, strength)

    def paint_all(self, outlines: np.ndarray, colours: np.ndarray) -> None:
        """Fill many convex polygons ``(n, k, 2)``, in order, each with its colour ``(n, 3)``."""
        for corners, colour in zip(self._corners(outlines), colours.tolist(), strict=True):
            cv2.fillConvexPoly(self.pixels, corners, colour, shift=4)

    def shadow(self, points: np.ndarray, height: int) -> None:
        """The shadow that a thing of this outline and height throws."""
        corners, side = self._corners(points), self.pixels.shape[0]
        throw = -self.sun * height * side * 16 // FRAME >> 12
        copies = [(corners + throw * k // 4).astype(np.int32) for k in range(5)]
        self._wash(copies, SHADOW, 0, 150)

    def shadow_at(self, points: np.ndarray, move) -> None:
        """The shadow of a thin thing high up, ``move`` units off in the picture."""
        throw = np.asarray(move) * self.pixels.shape[0] * 16 // FRAME
        self._wash([(self._corners(points) + throw).astype(np.int32)], SHADOW, 0, 84)

    def slope(self, way: tuple[int, int], degree: int, contrast: int) -> int:
        """How much lighter a roof is that falls towards ``way`` of a thing turned by ``degree``."""
        faced = shapes.turned(self.seen(shapes.turned(np.array(way) * 4096, degree)), self.tilt)
        return int(faced @ self.sun * contrast >> 24)

    def sunward(self, length: int) -> tuple[int, int]:
        """A step of ``length`` units towards the sun, in the plan."""
        x, y = (shapes.turned(self.sun, -self.tilt) * length >> 12).tolist()
        for _ in range(self.quarters):
            x, y = y, -x
        return (-x if self.mirrored else x), y

    def mottle(self, colour, level: int, strength: int = 140) -> None:
        """Blotches of another colour over everything drawn so far; a higher level, fewer."""
        self._blend(
            self.pixels, (self.cloth > level).astype(np.uint8), colour, 40, strength, self.cloth
        )

    def stripes(self, points: np.ndarray, colour, width: int, degree: int, strength: int = 90):
        """Parallel stripes of ``width`` units within a polygon, at an angle of the plan."""
        way = shapes.turned(self.seen((shapes.cosine(degree), shapes.sine(degree))), self.tilt)
        view, mask, cloth, (left, top) = self._window([self._corners(points)])
        y, x = np.ogrid[: mask.shape[0], : mask.shape[1]]
        across = (x + left) * int(way[0]) + (y + top) * int(way[1]) >> 12
        step = max(2, width * self.pixels.shape[0] // FRAME)
        self._blend(view, mask * (across % (2 * step) < step), colour, 0, strength, cloth)

    def picture(self) -> np.ndarray:
        """The finished picture ``(size, size, 3)`` uint8, BGR."""
        return develop(self.pixels, self.dice, OVERSAMPLING)

    def _window(self, outlines: list):
        """The part of the sheet that outlines may touch: pixels, mask, noise and its corner."""
        side = self.pixels.shape[0]
        points = np.concatenate(outlines)
        left, top = np.clip((points.min(axis=0) >> 4) - 1, 0, side)
        right, bottom = np.clip((points.max(axis=0) >> 4) + 2, 0, side)
        width, height = max(0, right - left), max(0, bottom - top)
        mask = filled([corners - (left * 16, top * 16) for corners in outlines], width, height)
        window = np.s_[top : top + height, left : left + width]
        return self.pixels[window], mask, self.cloth[window], (left, top)

    def _wash(self, outlines: list, colour, grain: int, strength: int) -> None:
        view, mask, cloth, _ = self._window(outlines)
        self._blend(view, mask, colour, grain, strength, cloth)

    @staticmethod
    def _blend(sheet, masks, colour, grain: int, strength: int, cloths) -> None:
        paint = np.asarray(colour, np.int16)
        for top in range(0, len(masks), BAND):
            view, mask = sheet[top : top + BAND], masks[top : top + BAND]
            new = np.broadcast_to(paint, view.shape)
            if grain:
                rough = cloths[top : top + BAND] * np.int16(grain) >> 7
                new = np.clip(new + rough[:, :, None], 0, 255)
            if strength < 256:  # half strengths, so that products stay within int16
                new = view + ((new - view) * np.int16(strength // 2) >> 7)
            cv2.copyTo(new.astype(np.uint8), mask, view)
