"""Bunkers and ponds on mown lawns, a club house at one side."""

from pir_mm.datasets.scenes import placing
from pir_mm.datasets.scenes.buildings import ROOFS, bunker, house
from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.palette import GROUNDS, tint
from pir_mm.datasets.scenes.plants import clutter, ground, pond
from pir_mm.datasets.scenes.scene import Group
from pir_mm.datasets.scenes.shapes import blob, span


def golf_course(canvas: Canvas) -> list[Group]:
    """Bunkers and ponds on mown lawns, a club house at one side."""
    dice = canvas.dice
    ground(canvas, 'meadow', 'bush', grain=40)
    for _ in range(4):
        x, y = dice.between(100, 900), dice.between(100, 700)
        lawn = blob(dice, x, y, dice.between(140, 300), dice.between(110, 220))
        canvas.paint(lawn, tint(dice, (86, 154, 122)), grain=16)
        canvas.stripes(lawn, (96, 170, 136), 26, dice.between(0, 179), 90)
    count, wet = dice.between(1, 9), dice.few(4)
    spots = dice.shuffled(placing.scattered(dice, count + wet, (92, 92, 932, 760), (190, 160)))
    width, roof = dice.between(170, 300), dice.pick(ROOFS)
    left = dice.between(92, 932 - width)
    keep_off = [(x - 92, y - 80, x + 92, y + 80) for x, y in spots]
    keep_off.append((left - 30, 780, left + width + 30, 960))
    clutter(canvas, 190, keep_off)
    sand = [
        bunker(canvas, x, y, dice.between(62, 84), dice.between(50, 66)) for x, y in spots[:count]
    ]
    ponds = [pond(canvas, x, y, 86, 74) for x, y in spots[count:]]
    canvas.paint(span(left - 24, 796, left + width + 24, 944), tint(dice, GROUNDS['paving']), 20)
    club = house(canvas, left + width // 2, 868, width, 112, roof)
    return [
        Group('bunker', sand),
        Group('pond', ponds),
        Group('club house', [club], roof, 'bottom'),
    ]
