"""Trees and the ground: what scenes lie on and what captions mostly leave out."""

from collections.abc import Sequence

import numpy as np

from pir_mm.datasets.scenes.canvas import FRAME, Canvas
from pir_mm.datasets.scenes.palette import GROUNDS, WATERS, shade, tint
from pir_mm.datasets.scenes.scene import Box
from pir_mm.datasets.scenes.shapes import blob, box, disc, ribbon, span

EVERYWHERE = span(-260, -260, FRAME + 260, FRAME + 260)


def ground(canvas: Canvas, kind: str, second: str | None = None, grain: int = 34) -> None:
    """Cover everything, with faint parcels of land and blotches of a second kind."""
    dice, paint = canvas.dice, tint(canvas.dice, GROUNDS[kind])
    canvas.paint(EVERYWHERE, paint, grain)
    for _ in range(dice.between(3, 8)):
        parcel = box(
            dice.between(0, FRAME),
            dice.between(0, FRAME),
            dice.between(160, 620),
            dice.between(160, 620),
            dice.pick((0, 0, 4, 90)),
        )
        canvas.paint(parcel, shade(paint, dice.between(-52, 40)), grain + 8, dice.between(60, 170))
    if second is not None:
        canvas.mottle(tint(canvas.dice, GROUNDS[second]), canvas.dice.between(30, 70))


def trees(canvas: Canvas, spots: list, low: int, high: int, colour=GROUNDS['tree']) -> None:
    """Crowns of a radius from ``low`` to ``high`` about the spots, shadow and lit side."""
    if not spots:
        return
    dice, count = canvas.dice, len(spots)
    centres = np.array(spots)
    radii = low + dice.bytes(count) * (high - low) // 255
    rough = 166 + (dice.bytes(count, 10) * 90 >> 8)
    ring = disc(0, 0, 256, corners=10)
    crowns = ring[None] * (rough * radii[:, None] >> 8)[..., None] >> 8
    sun = np.array(canvas.sunward(256))
    light = (dice.bytes(count) - 128 >> 2)[:, None]
    paint = np.asarray(colour) + light * np.array(colour) // 128 + (dice.bytes(count, 3) - 128 >> 4)
    layers = []
    for size, shift, tone in ((256, -130, 120), (256, 0, 250), (150, 90, 310)):
        move = sun * shift * radii[:, None] >> 16
        outline = (crowns * size >> 8) + (centres + move)[:, None]
        layers.append((outline, np.clip(paint * tone >> 8, 0, 255)))
    for k in range(0, count, 24):  # a tree shades only trees drawn before it
        for outline, tone in layers:
            canvas.paint_all(outline[k : k + 24], tone[k : k + 24])


def clutter(canvas: Canvas, count: int, keep_off: Sequence[Box] = (), area=(-60, -60, 1084, 1084)):
    """Trees in groves and alone over the plan, none within the boxes ``keep_off`` (plan units)."""
    dice, spots = canvas.dice, []
    x = y = 0
    for _ in range(count * dice.between(60, 240) // 100):
        if dice.chance(30):
            x, y = dice.between(area[0], area[2]), dice.between(area[1], area[3])
        else:
            x, y = x + dice.between(-56, 56), y + dice.between(-56, 56)
        inside = area[0] < x < area[2] and area[1] < y < area[3]
        if inside and not any(
            a - 34 < x < c + 34 and b - 34 < y < d + 34 for a, b, c, d in keep_off
        ):
            spots.append((x, y))
    trees(canvas, spots, 13, 34, tint(dice, GROUNDS['tree']))


def woods(canvas: Canvas, area: Box, pitch: int, colour=GROUNDS['tree'], low: int = 16) -> None:
    """A closed canopy over an area."""
    left, top, right, bottom = area
    dice = canvas.dice
    canvas.paint(span(*area), shade(colour, -110), grain=20)
    spots = [
        (x + dice.between(-pitch // 3, pitch // 3), y + dice.between(-pitch // 3, pitch // 3))
        for y in range(top, bottom + 1, pitch)
        for x in range(left, right + 1, pitch)
    ]
    trees(canvas, dice.shuffled(spots), low, pitch * 3 // 4, colour)
    canvas.mottle(shade(colour, -70), 20, 90)
    canvas.mottle(shade(colour, 60), 46, 50)


def road(canvas: Canvas, path: list, width: int, kind: str = 'asphalt', line: bool = True) -> Box:
    """A road along a path of the plan; ``line`` paints a dashed middle."""
    canvas.paint(ribbon(path, width + 18), tint(canvas.dice, GROUNDS['gravel']), 30, 170)
    canvas.paint(ribbon(path, width), tint(canvas.dice, GROUNDS[kind]), grain=14)
    if line:
        path = np.asarray(path)
        for a, b in zip(path[:-1], path[1:], strict=True):
            pieces = max(1, int(abs(b - a).max()) // 96)
            for k in range(pieces):
                start, end = a + (b - a) * k // pieces, a + (b - a) * (2 * k + 1) // (2 * pieces)
                canvas.paint(ribbon([start, end], 8), (196, 202, 204))
    return canvas.box_of(np.asarray(path))


def water(canvas: Canvas, outline: np.ndarray, colour: str) -> Box:
    paint = tint(canvas.dice, WATERS[colour], 6)
    canvas.paint(outline, paint, grain=12)
    canvas.stripes(outline, shade(paint, 60), 9, canvas.dice.between(0, 179), strength=26)
    return canvas.box_of(outline)


def pond(canvas: Canvas, x: int, y: int, radius: int, radius_y: int, colour: str = 'blue') -> Box:
    edge = blob(canvas.dice, x, y, radius, radius_y)
    canvas.paint(edge, tint(canvas.dice, (92, 122, 124)), grain=30)
    water(canvas, (edge - (x, y)) * 86 // 100 + (x, y), colour)
    return canvas.box_of(edge)
