"""Planes on an apron before a terminal, others on the runway behind."""

from pir_mm.datasets.scenes import placing
from pir_mm.datasets.scenes.buildings import block
from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.palette import GROUNDS, tint
from pir_mm.datasets.scenes.plants import clutter, ground, road
from pir_mm.datasets.scenes.scene import Group
from pir_mm.datasets.scenes.shapes import box, span
from pir_mm.datasets.scenes.vehicles import plane

PAINTS = ('white', 'red', 'blue', 'yellow')


def airport(canvas: Canvas) -> list[Group]:
    """Planes on an apron before a terminal, others on the runway behind."""
    dice = canvas.dice
    ground(canvas, dice.pick(('grass', 'dry grass')), dice.pick(('soil', 'meadow')))
    clutter(canvas, 40, area=(-120, -120, 1144, 70))
    runway = road(canvas, [(-220, 190), (1244, 190)], 124)
    canvas.paint(span(-220, 320, 1244, 1244), tint(dice, GROUNDS['concrete']), grain=20)
    canvas.paint(span(-220, 334, 1244, 342), (90, 170, 190), strength=150)
    for k in range(-3, 16):
        canvas.paint(span(k * 88, 320, k * 88 + 6, 1244), tint(dice, (118, 120, 122)))
    way = dice.between(120, 900)
    canvas.paint(box(way, 280, 90, 120), tint(dice, GROUNDS['asphalt']), grain=14)
    width, colour = dice.between(360, 760), dice.pick(('white', 'red', 'blue', 'brown'))
    left = dice.between(92, 932 - width)
    terminal = block(canvas, left, 800, left + width, 928, colour)
    mine, others = dice.sample(PAINTS, 2)
    count = dice.between(1, 9)
    per_row = -(-count // 2) if count > 4 and dice.chance(70) or count > 5 else count
    spots, rows = placing.ranked(count, (92, 350, 932, 770), per_row)
    length = min(190, 840 // per_row - 16, 420 // rows - 22)
    heading = dice.pick((0, 180))
    planes = [plane(canvas, x, y, length, mine, heading) for x, y in spots]
    layout = ('row' if rows == 1 else 'rows') if count > 2 else None
    relation = dice.pick(('beside', 'top'))
    groups = [Group('plane', planes, mine, relation, 'terminal', layout)]
    moving = placing.scattered(dice, dice.few(3), (100, 140, 924, 240), (170, 100))
    heading = dice.pick((90, 270))
    rolling = [plane(canvas, x, 190, 128, others, heading) for x, _ in moving]
    groups.append(Group('plane', rolling, others, 'on', 'runway'))
    groups.append(Group('terminal', [terminal], colour, 'bottom'))
    return [*groups, Group('runway', [runway], None, 'rightward')]
