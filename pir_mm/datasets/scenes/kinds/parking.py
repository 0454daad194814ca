"""Cars of two colours on a marked lot beside a building."""

from pir_mm.datasets.scenes.buildings import ROOFS, block
from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.palette import GROUNDS, tint
from pir_mm.datasets.scenes.plants import clutter, ground
from pir_mm.datasets.scenes.scene import Group
from pir_mm.datasets.scenes.shapes import box, span
from pir_mm.datasets.scenes.vehicles import car

CARS = ('white', 'red', 'blue', 'yellow')


def parking(canvas: Canvas) -> list[Group]:
    """Cars of two colours on a marked lot beside a building."""
    dice = canvas.dice
    ground(canvas, dice.pick(('grass', 'paving')), 'soil')
    clutter(canvas, 110)
    lot = span(84, 84, 940, 716)
    canvas.paint(span(64, 64, 960, 736), tint(dice, GROUNDS['gravel']))
    canvas.paint(lot, tint(dice, GROUNDS['dark asphalt']), grain=18)
    bays = [(135 + 108 * c, y) for y in (172, 400, 628) for c in range(8)]
    for x, y in bays:
        for edge in (x - 54, x + 54):
            canvas.paint(box(edge, y, 7, 138), (170, 174, 176))
    mine, other = dice.sample(CARS, 2)
    first, second = dice.between(1, 9), dice.few(7)
    taken = dice.sample(bays, first + second)
    heading = dice.pick((0, 180))
    cars = [
        [car(canvas, x + dice.between(-7, 7), y, 126, colour, heading) for x, y in spots]
        for colour, spots in ((mine, taken[:first]), (other, taken[first:]))
    ]
    roof, width = dice.pick(ROOFS), dice.between(260, 700)
    left = dice.between(92, 932 - width)
    shop = block(canvas, left, 786, left + width, 926, roof)
    return [
        Group('car', cars[0], mine, 'in', 'parking lot'),
        Group('car', cars[1], other, 'in', 'parking lot'),
        Group('building', [shop], roof, 'bottom', 'parking lot'),
    ]
