"""Ships in a row at a quay with containers, boats on the water."""

from pir_mm.datasets.scenes import placing
from pir_mm.datasets.scenes.buildings import ROOFS, block, container
from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.palette import WATERS
from pir_mm.datasets.scenes.plants import ground, water
from pir_mm.datasets.scenes.scene import Group
from pir_mm.datasets.scenes.shapes import span
from pir_mm.datasets.scenes.vehicles import boat, ship

PAINTS = ('white', 'red', 'blue', 'yellow')


def port(canvas: Canvas) -> list[Group]:
    """Ships in a row at a quay with containers, boats on the water."""
    dice = canvas.dice
    ground(canvas, 'concrete', grain=24)
    sea = dice.pick(tuple(WATERS))
    shore = dice.between(540, 580)
    water(canvas, span(-220, -220, 1244, shore), sea)
    canvas.paint(span(-220, shore, 1244, shore + 16), (86, 92, 96))
    mine = dice.pick(('white', 'red', 'yellow', 'grey'))
    small = dice.pick([paint for paint in PAINTS if paint != sea])
    count = dice.between(1, 7)
    length = dice.between(230, 280)
    berths = placing.lined_up(count, 92, 932, shore - length // 2 - 14, dice.between(118, 180))
    for x, y in berths:
        canvas.paint(span(x + 44, y - length // 3, x + 56, shore), (120, 132, 142))
    heading = dice.pick((0, 180))
    ships = [ship(canvas, x, y, length, mine, heading) for x, y in berths]
    layout = 'row' if count > 2 else None
    groups = [Group('ship', ships, mine, 'beside', 'quay', layout)]
    boxes = dice.pick([c for c in ('red', 'blue', 'yellow', 'green') if c != mine])
    stacks = placing.scattered(dice, dice.few(6), (92, 612, 932, 790), (160, 86))
    containers = [container(canvas, x, y, 138, 66, boxes) for x, y in stacks]
    groups.append(Group('container', containers, boxes, 'on', 'quay'))
    fleet = placing.scattered(dice, dice.few(4), (92, 80, 932, 216), (200, 100))
    heading = dice.pick((90, 270))
    boats = [boat(canvas, x, y, 96, small, heading) for x, y in fleet]
    groups.append(Group('boat', boats, small, 'on', 'water'))
    roof = dice.pick(ROOFS)
    sheds = [
        block(canvas, x - 110, 826, x + 110, 930, roof)
        for x, _ in placing.scattered(dice, dice.few(3), (92, 820, 932, 932), (250, 100))
    ]
    groups.append(Group('warehouse', sheds, roof, 'bottom'))
    return [*groups, Group('water', [canvas.box_of(span(0, 0, 1024, shore))], sea, 'top')]
