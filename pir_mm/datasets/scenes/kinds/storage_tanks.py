"""Large tanks on one side of a road, small ones or a building on the other."""

from pir_mm.datasets.scenes import placing
from pir_mm.datasets.scenes.buildings import ROOFS, block, tank
from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.palette import tint
from pir_mm.datasets.scenes.plants import clutter, ground, road
from pir_mm.datasets.scenes.scene import Group
from pir_mm.datasets.scenes.shapes import box, span


def storage_tanks(canvas: Canvas) -> list[Group]:
    """Large tanks on one side of a road, small ones or a building on the other."""
    dice = canvas.dice
    ground(canvas, dice.pick(('gravel', 'concrete', 'dry grass')), 'soil')
    way = road(canvas, [(716, -220), (716, 1244)], 66)
    mine = dice.pick(('white', 'grey', 'red', 'blue', 'green'))
    other = dice.pick([colour for colour in ('white', 'grey', 'red', 'blue') if colour != mine])
    count = dice.between(1, 9)
    per_row = 1 if count <= 2 else 2 if count <= 6 and dice.chance(60) or count == 4 else 3
    spots, rows = placing.ranked(count, (92, 92, 656, 932), per_row)
    radius = min(150, 282 // per_row - 16, 420 // rows - 16)
    for _, y in spots:
        canvas.paint(
            span(66, y - radius - 22, 664, y + radius + 22), tint(dice, (124, 134, 140)), 26, 110
        )
    for y in sorted({y for _, y in spots}):
        canvas.paint(box(360, y + radius + 18, 600, 8), (96, 100, 104))
        canvas.paint(box(360, y, 590, 10), (150, 154, 156))
    tanks = [tank(canvas, x, y, radius, mine) for x, y in spots]
    clutter(canvas, 40, area=(960, -60, 1200, 1084))
    small = placing.scattered(dice, dice.few(6), (774, 92, 932, 932), (150, 140))
    others = [tank(canvas, x, y, 56, other) for x, y in small]
    groups = [
        Group('tank', tanks, mine, 'left', 'road'),
        Group('small tank', others, other, 'right', 'road'),
    ]
    if not small:
        roof, top = dice.pick(ROOFS), dice.between(92, 560)
        hall = block(canvas, 784, top, 930, top + dice.between(220, 370), roof)
        groups.append(Group('building', [hall], roof, 'right', 'road'))
    return [*groups, Group('road', [way], None, 'downward')]
