"""The ground of a scene: soil, trees, roads and water. Captions leave out most of it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from pir_mm.datasets.scenes.canvas import FRAME, Canvas
from pir_mm.datasets.scenes.colours import GROUNDS, WATERS, shade, tint
from pir_mm.datasets.scenes.geometry import Area, blob, box, disc, rectangle, ribbon
from pir_mm.datasets.scenes.scene import Box

EVERYWHERE = rectangle(-260, -260, FRAME + 260, FRAME + 260)


def ground(canvas: Canvas, kind: str, second: str | None = None, grain: int = 34) -> None:
    """Cover the whole canvas, with faint parcels of land and blotches of a second kind."""
    rng, paint = canvas.rng, tint(canvas.rng, GROUNDS[kind])
    canvas.paint(EVERYWHERE, paint, grain)
    for _ in range(rng.between(3, 8)):
        parcel = box(
            rng.between(0, FRAME),
            rng.between(0, FRAME),
            rng.between(160, 620),
            rng.between(160, 620),
            rng.pick((0, 0, 4, 90)),
        )
        canvas.paint(parcel, shade(paint, rng.between(-52, 40)), grain + 8, rng.between(60, 170))
    if second is not None:
        canvas.mottle(tint(canvas.rng, GROUNDS[second]), canvas.rng.between(30, 70))


def trees(
    canvas: Canvas, spots: list, low: int, high: int, colour: ArrayLike = GROUNDS['tree']
) -> None:
    """Tree crowns with a radius from ``low`` to ``high``, each with a shadow and a lit side."""
    if not spots:
        return
    rng, count = canvas.rng, len(spots)
    centres = np.array(spots)
    radii = low + rng.bytes(count) * (high - low) // 255
    rough = 166 + (rng.bytes(count, 10) * 90 >> 8)
    ring = disc(0, 0, 256, corners=10)
    crowns = ring[None] * (rough * radii[:, None] >> 8)[..., None] >> 8
    sun = np.array(canvas.towards_sun(256))
    light = (rng.bytes(count) - 128 >> 2)[:, None]
    paint = np.asarray(colour) + light * np.array(colour) // 128 + (rng.bytes(count, 3) - 128 >> 4)
    layers = []
    for size, shift, tone in ((256, -130, 120), (256, 0, 250), (150, 90, 310)):
        move = sun * shift * radii[:, None] >> 16
        outline = (crowns * size >> 8) + (centres + move)[:, None]
        layers.append((outline, np.clip(paint * tone >> 8, 0, 255)))
    for k in range(0, count, 24):  # a tree shades only trees drawn before it
        for outline, tone in layers:
            canvas.paint_all(outline[k : k + 24], tone[k : k + 24])


def scatter_trees(
    canvas: Canvas, count: int, avoid: Sequence[Box] = (), area: Area = (-60, -60, 1084, 1084)
) -> None:
    """Trees in groves and alone within ``area``, but not within the boxes ``avoid`` of the plan."""
    rng, spots = canvas.rng, []
    x = y = 0
    for _ in range(count * rng.between(60, 240) // 100):
        if rng.chance(30):
            x, y = rng.between(area[0], area[2]), rng.between(area[1], area[3])
        else:
            x, y = x + rng.between(-56, 56), y + rng.between(-56, 56)
        inside = area[0] < x < area[2] and area[1] < y < area[3]
        if inside and not any(a - 34 < x < c + 34 and b - 34 < y < d + 34 for a, b, c, d in avoid):
            spots.append((x, y))
    trees(canvas, spots, 13, 34, tint(rng, GROUNDS['tree']))


def woods(
    canvas: Canvas, area: Area, pitch: int, colour: ArrayLike = GROUNDS['tree'], low: int = 16
) -> None:
    """Trees without a gap over an area."""
    left, top, right, bottom = area
    rng = canvas.rng
    canvas.paint(rectangle(*area), shade(colour, -110), grain=20)
    spots = [
        (x + rng.between(-pitch // 3, pitch // 3), y + rng.between(-pitch // 3, pitch // 3))
        for y in range(top, bottom + 1, pitch)
        for x in range(left, right + 1, pitch)
    ]
    trees(canvas, rng.shuffled(spots), low, pitch * 3 // 4, colour)
    canvas.mottle(shade(colour, -70), 20, 90)
    canvas.mottle(shade(colour, 60), 46, 50)


def road(canvas: Canvas, path: list, width: int, kind: str = 'asphalt', line: bool = True) -> Box:
    """A road along a path of the plan; ``line`` adds a dashed line in the middle."""
    canvas.paint(ribbon(path, width + 18), tint(canvas.rng, GROUNDS['gravel']), 30, 170)
    canvas.paint(ribbon(path, width), tint(canvas.rng, GROUNDS[kind]), grain=14)
    if line:
        path = np.asarray(path)
        for a, b in zip(path[:-1], path[1:], strict=True):
            pieces = max(1, int(abs(b - a).max()) // 96)
            for k in range(pieces):
                start, end = a + (b - a) * k // pieces, a + (b - a) * (2 * k + 1) // (2 * pieces)
                canvas.paint(ribbon([start, end], 8), (196, 202, 204))
    return canvas.box_of(np.asarray(path))


def water(canvas: Canvas, outline: ArrayLike, colour: str) -> Box:
    """Water with faint waves inside an outline."""
    paint = tint(canvas.rng, WATERS[colour], 6)
    canvas.paint(outline, paint, grain=12)
    canvas.stripes(outline, shade(paint, 60), 9, canvas.rng.between(0, 179), strength=26)
    return canvas.box_of(outline)


def pond(canvas: Canvas, x: int, y: int, radius: int, radius_y: int, colour: str = 'blue') -> Box:
    """A pond of random shape with a shore."""
    edge = blob(canvas.rng, x, y, radius, radius_y)
    canvas.paint(edge, tint(canvas.rng, (92, 122, 124)), grain=30)
    water(canvas, (edge - (x, y)) * 86 // 100 + (x, y), colour)
    return canvas.box_of(edge)
