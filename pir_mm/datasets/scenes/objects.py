"""Things that a caption can count: each function draws one and returns its box."""

from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.colours import COLOURS, GROUNDS, shade, tint
from pir_mm.datasets.scenes.geometry import blob, box, disc, placed, rectangle
from pir_mm.datasets.scenes.scene import Box

ROOFS = ('red', 'grey', 'white', 'blue')

# Outlines in thousandths of the length, heading up.
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


def house(
    canvas: Canvas, x: int, y: int, width: int, height: int, colour: str, degree: int = 0
) -> Box:
    """A house with a gable roof; the half that faces the sun is lighter."""
    paint = tint(canvas.rng, COLOURS[colour])
    roof = box(x, y, width, height, degree)
    canvas.shadow(roof, min(width, height) // 3)
    for corners, way in (((0, 1), (0, -1)), ((3, 2), (0, 1))):
        a, b = roof[corners[0]], roof[corners[1]]
        middle = (roof[0] + roof[3]) // 2, (roof[1] + roof[2]) // 2
        canvas.paint((a, b, middle[1], middle[0]), shade(paint, canvas.slope(way, degree, 40)))
    if canvas.rng.chance(60):
        chimney = placed([(-80, -60), (80, -60), (80, 60), (-80, 60)], x, y, height // 2, degree)
        canvas.paint(chimney + (width // 5, height // 6), shade(paint, -90))
    return canvas.box_of(roof)


def block(canvas: Canvas, left: int, top: int, right: int, bottom: int, colour: str) -> Box:
    """A building with a flat roof, a parapet and machinery on it."""
    paint = tint(canvas.rng, COLOURS[colour])
    roof = rectangle(left, top, right, bottom)
    canvas.shadow(roof, 44)
    canvas.paint(roof, shade(paint, 22))
    canvas.paint(
        rectangle(left + 10, top + 10, right - 10, bottom - 10), shade(paint, -14), grain=16
    )
    across = right - left > bottom - top
    for k in range(canvas.rng.between(2, 4)):
        if across:
            x, y = left + (2 * k + 1) * (right - left) // 9 + 20, (top + bottom) // 2
        else:
            x, y = (left + right) // 2, top + (2 * k + 1) * (bottom - top) // 9 + 20
        vent = box(x, y, canvas.rng.between(18, 34), canvas.rng.between(16, 26))
        canvas.shadow(vent, 10)
        canvas.paint(vent, shade(paint, canvas.rng.pick((-60, 34))))
    return canvas.box_of(roof)


def tank(canvas: Canvas, x: int, y: int, radius: int, colour: str) -> Box:
    """A round storage tank."""
    paint = tint(canvas.rng, COLOURS[colour])
    roof = disc(x, y, radius)
    canvas.shadow(roof, radius // 2)
    canvas.paint(roof, shade(paint, -50))
    canvas.paint(disc(x, y, radius - radius // 9), paint, grain=10)
    sun_x, sun_y = canvas.towards_sun(radius // 4)
    canvas.paint(disc(x + sun_x, y + sun_y, radius * 3 // 5), shade(paint, 20), strength=150)
    canvas.paint(disc(x, y, max(6, radius // 10)), shade(paint, -60))
    return canvas.box_of(roof)


def pool(canvas: Canvas, x: int, y: int, width: int, height: int) -> Box:
    """A swimming pool with a pale rim."""
    rim = box(x, y, width, height)
    canvas.paint(rim, (206, 212, 212))
    canvas.paint(box(x, y, width - 16, height - 16), tint(canvas.rng, (206, 176, 62)), grain=14)
    return canvas.box_of(rim)


def umbrella(canvas: Canvas, x: int, y: int, radius: int, colour: str) -> Box:
    """A beach umbrella of eight segments."""
    paint = tint(canvas.rng, COLOURS[colour])
    top = disc(x, y, radius, corners=8)
    canvas.shadow(top, radius * 2 // 3)
    for k in range(8):
        light = 24 if k % 2 else -16
        canvas.paint(((x, y), top[k], top[(k + 1) % 8]), shade(paint, light))
    return canvas.box_of(top)


def tent(canvas: Canvas, x: int, y: int, width: int, colour: str, degree: int) -> Box:
    """A tent as a pyramid: four sides, each lit by its slope."""
    paint = tint(canvas.rng, COLOURS[colour])
    base = box(x, y, width, width, degree)
    canvas.shadow(base, width // 3)
    for k, way in enumerate(((0, -1), (1, 0), (0, 1), (-1, 0))):
        side = (base[k], base[(k + 1) % 4], (x, y))
        canvas.paint(side, shade(paint, canvas.slope(way, degree, 54)))
    return canvas.box_of(base)


def bunker(canvas: Canvas, x: int, y: int, radius: int, radius_y: int) -> Box:
    """A sand bunker with a dark edge."""
    edge = blob(canvas.rng, x, y, radius, radius_y)
    canvas.paint(edge, (60, 104, 84))
    sand = (edge - (x, y)) * 84 // 100 + (x, y)
    canvas.paint(sand, tint(canvas.rng, (168, 208, 226), 5), grain=14)
    return canvas.box_of(edge)


def court(canvas: Canvas, left: int, top: int, right: int, bottom: int, colour: str) -> Box:
    """A playing court with white lines; its long side goes from top to bottom of the plan."""
    paint = tint(canvas.rng, COLOURS[colour])
    ground = rectangle(left, top, right, bottom)
    canvas.paint(ground, shade(paint, -20), grain=10)
    inner = rectangle(left + 16, top + 20, right - 16, bottom - 20)
    canvas.paint(inner, (214, 216, 214))
    canvas.paint(rectangle(left + 23, top + 27, right - 23, bottom - 27), shade(paint, 14), grain=8)
    canvas.paint(
        box((left + right) // 2, (top + bottom) // 2, right - left - 32, 9), (214, 216, 214)
    )
    return canvas.box_of(ground)


def container(canvas: Canvas, x: int, y: int, width: int, height: int, colour: str) -> Box:
    """A freight container with ribs."""
    paint = tint(canvas.rng, COLOURS[colour])
    body = box(x, y, width, height)
    canvas.shadow(body, 24)
    canvas.paint(body, shade(paint, -30))
    for k in range(3):
        canvas.paint(box(x, y + (k - 1) * height // 3, width - 8, height // 3 - 7), paint)
    return canvas.box_of(body)


def clearing(canvas: Canvas, x: int, y: int, radius: int, radius_y: int) -> Box:
    """A bare patch in a wood."""
    edge = blob(canvas.rng, x, y, radius, radius_y)
    canvas.paint(edge, tint(canvas.rng, GROUNDS['track'], 6), grain=36)
    return canvas.box_of(edge)


def plane(canvas: Canvas, x: int, y: int, length: int, colour: str, heading: int) -> Box:
    """An airplane with two engines."""
    paint = tint(canvas.rng, COLOURS[colour])
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
    """A ship with hatches on its deck."""
    paint = tint(canvas.rng, COLOURS[colour])
    hull = placed(HULL, x, y, length, heading)
    canvas.shadow(hull, length // 12)
    canvas.paint(hull, paint)
    canvas.paint(placed(DECK, x, y, length, heading), shade(paint, -60), grain=20)
    for top in (-250, -100, 50):
        hatch = [(-56, top), (56, top), (56, top + 100), (-56, top + 100)]
        canvas.paint(
            placed(hatch, x, y, length, heading), shade(paint, canvas.rng.pick((-110, 30)))
        )
    bridge = placed([(-100, 300), (100, 300), (100, 430), (-100, 430)], x, y, length, heading)
    canvas.paint(bridge, shade((222, 226, 228), canvas.rng.between(-20, 0)))
    return canvas.box_of(hull)


def boat(canvas: Canvas, x: int, y: int, length: int, colour: str, heading: int) -> Box:
    """A small boat in motion; its wake is outside the box."""
    paint = tint(canvas.rng, COLOURS[colour])
    hull = placed(BOAT, x, y, length, heading)
    canvas.paint(placed(WAKE, x, y, length, heading), (206, 208, 204), grain=60, strength=60)
    canvas.shadow(hull, length // 8)
    canvas.paint(hull, paint)
    cabin = placed([(-90, -120), (90, -120), (90, 250), (-90, 250)], x, y, length, heading)
    canvas.paint(cabin, shade(paint, -90 if colour == 'white' else 70))
    return canvas.box_of(hull)


def car(canvas: Canvas, x: int, y: int, length: int, colour: str, heading: int) -> Box:
    """A car with two dark windows."""
    paint = tint(canvas.rng, COLOURS[colour])
    body = box(x, y, length // 2, length, heading)
    canvas.shadow(body, length // 6)
    canvas.paint(body, paint)
    for top, bottom in ((-240, -130), (230, 320)):
        glass = [(-190, top), (190, top), (190, bottom), (-190, bottom)]
        canvas.paint(placed(glass, x, y, length, heading), (66, 58, 54))
    return canvas.box_of(body)


def train(canvas: Canvas, left: int, right: int, y: int, width: int, colour: str) -> Box:
    """A train along the horizontal axis of the plan."""
    paint = tint(canvas.rng, COLOURS[colour])
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
    """A wind turbine: three white blades of half the ``length`` around a hub."""
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
