"""Sea, surf and sand with umbrellas, boats off shore, hotels behind."""

from pir_mm.datasets.scenes import placing
from pir_mm.datasets.scenes.buildings import ROOFS, block, umbrella
from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.palette import GROUNDS, tint
from pir_mm.datasets.scenes.plants import clutter, water
from pir_mm.datasets.scenes.scene import Group
from pir_mm.datasets.scenes.shapes import ribbon, span, wavy
from pir_mm.datasets.scenes.vehicles import boat

SANDS = {'white': (196, 210, 218), 'yellow': (134, 184, 210), 'grey': (142, 150, 154)}


def beach(canvas: Canvas) -> list[Group]:
    """Sea, surf and sand with umbrellas, boats off shore, hotels behind."""
    dice = canvas.dice
    strand = dice.pick(tuple(SANDS))
    canvas.paint(span(-220, -220, 1244, 1244), tint(dice, SANDS[strand], 6), grain=16)
    coast = wavy(dice, dice.between(380, 420), 26)
    sea = water(canvas, [*coast, (1244, -260), (-220, -260)], dice.pick(('blue', 'green')))
    for shift, light in ((-64, 70), (-30, 120), (0, 190)):
        foam = [(x, y + shift + dice.between(-9, 9)) for x, y in coast]
        canvas.paint(ribbon(foam, 20), (226, 228, 222), strength=light)
    canvas.paint(ribbon([(x, y + 30) for x, y in coast], 40), (112, 140, 156), strength=90)
    canvas.paint(span(-220, 790, 1244, 1244), tint(dice, GROUNDS['grass']), grain=40)
    mine, other = dice.sample([c for c in ('red', 'blue', 'yellow', 'white') if c != strand], 2)
    first, second = dice.between(1, 9), dice.few(6)
    if second == 0 and 2 < first and dice.chance(60):
        spots, rows = placing.ranked(first, (92, 500, 932, 760), first if first < 7 else 5)
        layout = 'row' if rows == 1 else 'rows'
    else:
        spots, layout = (
            placing.scattered(dice, first + second, (92, 500, 932, 760), (104, 86)),
            None,
        )
    spots = dice.shuffled(spots)
    shades = [
        [umbrella(canvas, x, y, 36, colour) for x, y in places]
        for colour, places in ((mine, spots[:first]), (other, spots[first:]))
    ]
    sail = dice.pick(('white', 'red', 'yellow'))
    fleet = placing.scattered(dice, dice.few(5), (92, 92, 932, 296), (160, 100))
    boats = [boat(canvas, x, y, 88, sail, dice.pick((90, 270))) for x, y in fleet]
    roof = dice.pick(ROOFS)
    lots = [x for x, _ in placing.scattered(dice, dice.few(4), (92, 820, 932, 932), (200, 100))]
    clutter(canvas, 120, [(x - 96, 800, x + 96, 960) for x in lots], (-60, 830, 1084, 1100))
    hotels = [block(canvas, x - 84, 828, x + 84, 928, roof) for x in lots]
    return [
        Group('umbrella', shades[0], mine, 'on', 'sand', layout),
        Group('umbrella', shades[1], other, 'on', 'sand'),
        Group('boat', boats, sail, 'on', 'sea'),
        Group('hotel', hotels, roof, 'bottom', 'sand'),
        Group('sea', [sea], None, 'top'),
        Group('sand', [canvas.box_of(span(0, 420, 1024, 780))], strand),
    ]
