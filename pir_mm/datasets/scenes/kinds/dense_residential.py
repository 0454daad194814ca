"""Rows of houses along streets; some plots hold a pool, one a large building."""

from pir_mm.datasets.scenes.buildings import ROOFS, block, house, pool
from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.plants import clutter, ground, road, trees
from pir_mm.datasets.scenes.scene import Group
from pir_mm.datasets.scenes.shapes import span
from pir_mm.datasets.scenes.vehicles import car


def dense_residential(canvas: Canvas) -> list[Group]:
    """Rows of houses along streets; some plots hold a pool, one a large building."""
    dice = canvas.dice
    ground(canvas, dice.pick(('grass', 'meadow')), dice.pick(('soil', 'bush')))
    clutter(canvas, 90)
    rows, pools, hall_plots = dice.between(2, 4), [], dice.pick((0, 2, 3))
    mine, other, hall = dice.sample(ROOFS, 3)
    pitch = 840 // rows
    depth, per_row = min(150, pitch - 96), 8
    changed = dice.below(rows) if dice.chance(50) else -1
    with_hall, at = dice.below(rows), dice.below(5)
    plots = [
        (r, c)
        for r in range(rows)
        for c in range(per_row)
        if not (hall_plots and r == with_hall and at <= c < at + hall_plots)
    ]
    wet = dice.sample(plots, dice.few(6) or (not hall_plots and changed < 0))
    lines, halls = {mine: [], other: []}, []
    for r in range(-1, rows):
        y = 92 + r * pitch + pitch // 2
        _street(canvas, y + pitch // 2)
        if r < 0:
            continue
        colour = other if r == changed else mine
        for c in range(-1, per_row + 1):
            x = 92 + c * 105 + 52
            if (r, c) in wet:
                pools.append(pool(canvas, x, y, 84, min(66, depth - 12)))
            elif (r, c) in plots or c in (-1, per_row):
                size = depth - dice.between(0, 22)
                house(canvas, x, y, 84 - dice.below(12), size, colour, dice.between(-3, 3))
        lines[colour].append(canvas.box_of(span(92, y - depth // 2, 932, y + depth // 2)))
        if hall_plots and r == with_hall:
            left, right = 104 + at * 105, 80 + (at + hall_plots) * 105
            halls = [block(canvas, left, y - depth // 2, right, y + depth // 2, hall)]
    levels = {0: 'top', rows - 1: 'bottom'}
    return [
        Group('row of houses', lines[mine], mine),
        Group('pool', pools, 'blue', 'between', 'houses'),
        Group('row of houses', lines[other], other, levels.get(changed, 'middle')),
        Group('large building', halls, hall, levels.get(with_hall, 'middle')),
    ]


def _street(canvas: Canvas, y: int) -> None:
    """A street with cars and trees that no caption tells of."""
    dice = canvas.dice
    road(canvas, [(-220, y), (1244, y)], 52, line=False)
    for _ in range(dice.below(5)):
        colour = dice.pick(('grey', 'black', 'white'))
        car(canvas, dice.between(0, 1024), y + dice.pick((-12, 12)), 44, colour, 90)
    verge = [(dice.between(-60, 1084), y + 48) for _ in range(dice.between(6, 24))]
    trees(canvas, verge, 12, 26)
