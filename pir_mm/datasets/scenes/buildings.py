"""Things that are built: each function draws one and returns its box."""

from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.palette import COLOURS, GROUNDS, shade, tint
from pir_mm.datasets.scenes.scene import Box
from pir_mm.datasets.scenes.shapes import blob, box, disc, placed, span

ROOFS = ('red', 'grey', 'white', 'blue')


def house(
    canvas: Canvas, x: int, y: int, width: int, height: int, colour: str, degree: int = 0
) -> Box:
    """A gable roof, the half turned to the sun lighter."""
    paint = tint(canvas.dice, COLOURS[colour])
    roof = box(x, y, width, height, degree)
    canvas.shadow(roof, min(width, height) // 3)
    for corners, way in (((0, 1), (0, -1)), ((3, 2), (0, 1))):
        a, b = roof[corners[0]], roof[corners[1]]
        middle = (roof[0] + roof[3]) // 2, (roof[1] + roof[2]) // 2
        canvas.paint((a, b, middle[1], middle[0]), shade(paint, canvas.slope(way, degree, 40)))
    if canvas.dice.chance(60):
        chimney = placed([(-80, -60), (80, -60), (80, 60), (-80, 60)], x, y, height // 2, degree)
        canvas.paint(chimney + (width // 5, height // 6), shade(paint, -90))
    return canvas.box_of(roof)


def block(canvas: Canvas, left: int, top: int, right: int, bottom: int, colour: str) -> Box:
    """A flat roof with a parapet and machinery on it."""
    paint = tint(canvas.dice, COLOURS[colour])
    roof = span(left, top, right, bottom)
    canvas.shadow(roof, 44)
    canvas.paint(roof, shade(paint, 22))
    canvas.paint(span(left + 10, top + 10, right - 10, bottom - 10), shade(paint, -14), grain=16)
    across = right - left > bottom - top
    for k in range(canvas.dice.between(2, 4)):
        if across:
            x, y = left + (2 * k + 1) * (right - left) // 9 + 20, (top + bottom) // 2
        else:
            x, y = (left + right) // 2, top + (2 * k + 1) * (bottom - top) // 9 + 20
        vent = box(x, y, canvas.dice.between(18, 34), canvas.dice.between(16, 26))
        canvas.shadow(vent, 10)
        canvas.paint(vent, shade(paint, canvas.dice.pick((-60, 34))))
    return canvas.box_of(roof)


def tank(canvas: Canvas, x: int, y: int, radius: int, colour: str) -> Box:
    paint = tint(canvas.dice, COLOURS[colour])
    roof = disc(x, y, radius)
    canvas.shadow(roof, radius // 2)
    canvas.paint(roof, shade(paint, -50))
    canvas.paint(disc(x, y, radius - radius // 9), paint, grain=10)
    sun_x, sun_y = canvas.sunward(radius // 4)
    canvas.paint(disc(x + sun_x, y + sun_y, radius * 3 // 5), shade(paint, 20), strength=150)
    canvas.paint(disc(x, y, max(6, radius // 10)), shade(paint, -60))
    return canvas.box_of(roof)


def pool(canvas: Canvas, x: int, y: int, width: int, height: int) -> Box:
    rim = box(x, y, width, height)
    canvas.paint(rim, (206, 212, 212))
    canvas.paint(box(x, y, width - 16, height - 16), tint(canvas.dice, (206, 176, 62)), grain=14)
    return canvas.box_of(rim)


def umbrella(canvas: Canvas, x: int, y: int, radius: int, colour: str) -> Box:
    paint = tint(canvas.dice, COLOURS[colour])
    top = disc(x, y, radius, corners=8)
    canvas.shadow(top, radius * 2 // 3)
    for k in range(8):
        light = 24 if k % 2 else -16
        canvas.paint(((x, y), top[k], top[(k + 1) % 8]), shade(paint, light))
    return canvas.box_of(top)


def tent(canvas: Canvas, x: int, y: int, width: int, colour: str, degree: int) -> Box:
    """A pyramid: four sides, each lit by its slope."""
    paint = tint(canvas.dice, COLOURS[colour])
    base = box(x, y, width, width, degree)
    canvas.shadow(base, width // 3)
    for k, way in enumerate(((0, -1), (1, 0), (0, 1), (-1, 0))):
        side = (base[k], base[(k + 1) % 4], (x, y))
        canvas.paint(side, shade(paint, canvas.slope(way, degree, 54)))
    return canvas.box_of(base)


def bunker(canvas: Canvas, x: int, y: int, radius: int, radius_y: int) -> Box:
    edge = blob(canvas.dice, x, y, radius, radius_y)
    canvas.paint(edge, (60, 104, 84))
    sand = (edge - (x, y)) * 84 // 100 + (x, y)
    canvas.paint(sand, tint(canvas.dice, (168, 208, 226), 5), grain=14)
    return canvas.box_of(edge)


def court(canvas: Canvas, left: int, top: int, right: int, bottom: int, colour: str) -> Box:
    """A playing court with its white lines, long from top to bottom of the plan."""
    paint = tint(canvas.dice, COLOURS[colour])
    ground = span(left, top, right, bottom)
    canvas.paint(ground, shade(paint, -20), grain=10)
    inner = span(left + 16, top + 20, right - 16, bottom - 20)
    canvas.paint(inner, (214, 216, 214))
    canvas.paint(span(left + 23, top + 27, right - 23, bottom - 27), shade(paint, 14), grain=8)
    canvas.paint(
        box((left + right) // 2, (top + bottom) // 2, right - left - 32, 9), (214, 216, 214)
    )
    return canvas.box_of(ground)


def container(canvas: Canvas, x: int, y: int, width: int, height: int, colour: str) -> Box:
    paint = tint(canvas.dice, COLOURS[colour])
    body = box(x, y, width, height)
    canvas.shadow(body, 24)
    canvas.paint(body, shade(paint, -30))
    for k in range(3):
        canvas.paint(box(x, y + (k - 1) * height // 3, width - 8, height // 3 - 7), paint)
    return canvas.box_of(body)


def clearing(canvas: Canvas, x: int, y: int, radius: int, radius_y: int) -> Box:
    edge = blob(canvas.dice, x, y, radius, radius_y)
    canvas.paint(edge, tint(canvas.dice, GROUNDS['track'], 6), grain=36)
    return canvas.box_of(edge)
