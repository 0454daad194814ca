"""Round or square fields of two crops and barns."""

from pir_mm.datasets.scenes.buildings import house
from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.palette import shade, tint
from pir_mm.datasets.scenes.plants import clutter, ground, road
from pir_mm.datasets.scenes.scene import Group
from pir_mm.datasets.scenes.shapes import box, disc, ribbon

CROPS = {'green': (66, 120, 72), 'yellow': (86, 184, 204), 'brown': (70, 98, 130)}


def farmland(canvas: Canvas) -> list[Group]:
    """Round or square fields of two crops and barns."""
    dice = canvas.dice
    ground(canvas, 'dry grass', 'soil', grain=30)
    mine, other = dice.sample(tuple(CROPS), 2)
    spots = [(232 + 280 * c, 232 + 280 * r) for r in range(3) for c in range(3)]
    for x in range(-1, 5):
        road(canvas, [(92 + 280 * x, -220), (92 + 280 * x, 1244)], 14, 'track', line=False)
    barns, roof = dice.few(3), dice.pick(('red', 'white', 'blue'))
    first = dice.between(1, 8 - barns)
    second = dice.between(0 if barns else 1, min(6, 9 - first - barns))
    taken = dice.sample(spots, first + second + barns)
    plot = _round_field if dice.chance(50) else _square_field
    noun = 'round field' if plot is _round_field else 'field'
    fields = [
        [plot(canvas, x, y, crop) for x, y in places]
        for crop, places in ((mine, taken[:first]), (other, taken[first : first + second]))
    ]
    yards = taken[first + second :]
    clutter(
        canvas,
        130,
        [(x - 136, y - 136, x + 136, y + 136) for x, y in taken[: first + second]]
        + [(x - 90, y - 80, x + 90, y + 80) for x, y in yards],
    )
    farms = [house(canvas, x, y, 136, 104, roof, dice.between(-10, 10)) for x, y in yards]
    return [
        Group(noun, fields[0], mine),
        Group(noun, fields[1], other),
        Group('barn', farms, roof, 'among' if first > 1 else 'beside', 'fields'),
    ]


def _round_field(canvas: Canvas, x: int, y: int, crop: str):
    paint = tint(canvas.dice, CROPS[crop], 6)
    canvas.paint(disc(x, y, 130, corners=40), shade(paint, -20), grain=26)
    for radius in (112, 84, 56):
        canvas.paint(disc(x, y, radius, corners=32), shade(paint, canvas.dice.between(-16, 22)), 26)
    canvas.paint(ribbon([(x, y), (x + 90, y + 90)], 7), (190, 196, 198), strength=150)
    return canvas.box_of(disc(x, y, 130))


def _square_field(canvas: Canvas, x: int, y: int, crop: str):
    paint, field = tint(canvas.dice, CROPS[crop], 6), box(x, y, 252, 252)
    canvas.paint(field, paint, grain=30)
    canvas.stripes(
        field, shade(paint, -50), canvas.dice.pick((14, 20)), canvas.dice.pick((0, 90)), 120
    )
    return canvas.box_of(field)
