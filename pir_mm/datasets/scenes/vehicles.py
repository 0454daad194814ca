"""Things that move: each function draws one and returns its box."""

from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.palette import COLOURS, shade, tint
from pir_mm.datasets.scenes.scene import Box
from pir_mm.datasets.scenes.shapes import box, disc, placed

FUSELAGE = [
    (0, -500),
    (52, -440),
    (66, -330),
    (66, 240),
    (26, 500),
    (-26, 500),
    (-66, 240),
    (-66, -330),
    (-52, -440),
]
WINGS = [(0, -190), (480, 120), (480, 200), (0, 90), (-480, 200), (-480, 120)]
TAIL = [(0, 330), (200, 450), (200, 510), (0, 470), (-200, 510), (-200, 450)]
HULL = [
    (0, -500),
    (90, -400),
    (130, -240),
    (130, 420),
    (100, 500),
    (-100, 500),
    (-130, 420),
    (-130, -240),
    (-90, -400),
]
DECK = [(0, -400), (80, -230), (80, 280), (-80, 280), (-80, -230)]
WAKE = [(60, 400), (240, 1500), (-240, 1500), (-60, 400)]
BOAT = [(0, -500), (150, -250), (190, 100), (160, 500), (-160, 500), (-190, 100), (-150, -250)]
BLADE = [(-26, 0), (-60, -120), (-12, -500), (12, -500), (60, -120), (26, 0)]


def plane(canvas: Canvas, x: int, y: int, length: int, colour: str, heading: int) -> Box:
    paint = tint(canvas.dice, COLOURS[colour])
    parts = [placed(part, x, y, length, heading) for part in (WINGS, TAIL, FUSELAGE)]
    for part in parts:
        canvas.shadow(part, length // 9)
    for part, light in zip(parts, (-22, -14, 16), strict=True):
        canvas.paint(part, shade(paint, light))
    for side in (-200, 200):
        engine = placed(
            [(side - 36, -110), (side + 36, -110), (side + 36, 30), (side - 36, 30)],
            x,
            y,
            length,
            heading,
        )
        canvas.paint(engine, shade(paint, -70))
    canvas.paint(
        placed([(-34, -440), (34, -440), (34, -390), (-34, -390)], x, y, length, heading),
        (70, 60, 56),
    )
    return canvas.box_of(*parts)


def ship(canvas: Canvas, x: int, y: int, length: int, colour: str, heading: int) -> Box:
    paint = tint(canvas.dice, COLOURS[colour])
    hull = placed(HULL, x, y, length, heading)
    canvas.shadow(hull, length // 12)
    canvas.paint(hull, paint)
    canvas.paint(placed(DECK, x, y, length, heading), shade(paint, -60), grain=20)
    for top in (-250, -100, 50):
        hatch = [(-56, top), (56, top), (56, top + 100), (-56, top + 100)]
        canvas.paint(
            placed(hatch, x, y, length, heading), shade(paint, canvas.dice.pick((-110, 30)))
        )
    bridge = placed([(-100, 300), (100, 300), (100, 430), (-100, 430)], x, y, length, heading)
    canvas.paint(bridge, shade((222, 226, 228), canvas.dice.between(-20, 0)))
    return canvas.box_of(hull)


def boat(canvas: Canvas, x: int, y: int, length: int, colour: str, heading: int) -> Box:
    """A small craft under way; its wake is outside the box."""
    paint = tint(canvas.dice, COLOURS[colour])
    hull = placed(BOAT, x, y, length, heading)
    canvas.paint(placed(WAKE, x, y, length, heading), (206, 208, 204), grain=60, strength=60)
    canvas.shadow(hull, length // 8)
    canvas.paint(hull, paint)
    cabin = placed([(-90, -120), (90, -120), (90, 250), (-90, 250)], x, y, length, heading)
    canvas.paint(cabin, shade(paint, -90 if colour == 'white' else 70))
    return canvas.box_of(hull)


def car(canvas: Canvas, x: int, y: int, length: int, colour: str, heading: int) -> Box:
    paint = tint(canvas.dice, COLOURS[colour])
    body = box(x, y, length // 2, length, heading)
    canvas.shadow(body, length // 6)
    canvas.paint(body, paint)
    for top, bottom in ((-240, -130), (230, 320)):
        glass = [(-190, top), (190, top), (190, bottom), (-190, bottom)]
        canvas.paint(placed(glass, x, y, length, heading), (66, 58, 54))
    return canvas.box_of(body)


def train(canvas: Canvas, left: int, right: int, y: int, width: int, colour: str) -> Box:
    """A train along the plan's horizontal axis."""
    paint = tint(canvas.dice, COLOURS[colour])
    whole = box((left + right) // 2, y, right - left, width)
    canvas.shadow(whole, width // 2)
    carriages = max(2, (right - left) // 150)
    pitch = (right - left) // carriages
    for k in range(carriages):
        x = left + k * pitch + pitch // 2
        canvas.paint(box(x, y, pitch - 10, width), paint)
        canvas.paint(box(x, y, pitch - 20, width // 4), shade(paint, 50))
        canvas.paint(box(x + pitch // 4, y, 14, width // 3), shade(paint, -80))
    return canvas.box_of(whole)


def turbine(canvas: Canvas, x: int, y: int, length: int, heading: int) -> Box:
    """A wind turbine, three white blades of half the ``length`` about a hub."""
    blades = [placed(BLADE, x, y, length, heading + 120 * k) for k in range(3)]
    hub = disc(x, y, length // 16, corners=12)
    fall = -canvas.sun * length * 2 // 5 >> 12
    canvas.paint(disc(x, y, length // 7), (150, 170, 180), grain=30, strength=200)
    canvas.shadow(hub, length * 2 // 5)
    for blade in blades:
        canvas.shadow_at(blade, fall)
    for blade in blades:
        canvas.paint(blade, (238, 240, 240))
    canvas.paint(hub, (210, 212, 214))
    return canvas.box_of(disc(x, y, length // 2))
