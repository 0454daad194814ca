"""Bridges over a river with boats, houses on one bank."""

from pir_mm.datasets.scenes.buildings import ROOFS, house
from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.palette import COLOURS, WATERS, shade, tint
from pir_mm.datasets.scenes.plants import clutter, ground, road, water
from pir_mm.datasets.scenes.scene import Group
from pir_mm.datasets.scenes.shapes import box, ribbon, span, wavy
from pir_mm.datasets.scenes.vehicles import boat

PAINTS = ('white', 'red', 'blue', 'yellow')


def bridge(canvas: Canvas) -> list[Group]:
    """Bridges over a river with boats, houses on one bank."""
    dice = canvas.dice
    ground(canvas, dice.pick(('grass', 'meadow', 'dry grass')), dice.pick(('soil', 'bush')))
    colour, deck = dice.pick(tuple(WATERS)), dice.pick(('white', 'grey', 'red'))
    path, width = wavy(dice, 540, 52), dice.between(220, 270)
    canvas.paint(ribbon(path, width + 36), tint(dice, (96, 126, 132)), grain=50)
    river = water(canvas, ribbon(path, width), colour)
    slots = [148 + 104 * k for k in range(8)]
    first = dice.below(3)
    crossings = [first + 3 * k for k in range(3) if first + 3 * k < 8]
    crossings = sorted(dice.sample(crossings, dice.between(1, len(crossings))))
    free = dice.shuffled([k for k in range(8) if k not in crossings])
    level = {k: min(path, key=lambda at, k=k: abs(at[0] - slots[k]))[1] for k in range(8)}
    bridges = [_crossing(canvas, slots[k], level[k], deck, width) for k in crossings]
    sail = dice.pick([paint for paint in PAINTS if paint != colour])
    boats, fleet = [], dice.few(4)
    for k in free[:fleet]:
        boats.append(
            boat(canvas, slots[k], level[k] + dice.between(-30, 30), 80, sail, dice.pick((90, 270)))
        )
    roof = dice.pick(ROOFS)
    plots = [
        (slots[k], dice.between(146, 210))
        for k in dice.sample(free, dice.between(0 if fleet else 1, 5))
    ]
    keep_off = [(slots[k] - 50, -60, slots[k] + 50, 1084) for k in crossings]
    keep_off += [(-200, 320, 1224, 780), *((x - 70, y - 70, x + 70, y + 70) for x, y in plots)]
    clutter(canvas, 130, keep_off)
    houses = [house(canvas, x, y, 82, 78, roof, dice.between(-6, 6)) for x, y in plots]
    return [
        Group('bridge', bridges, deck, 'over', 'river'),
        Group('river', [river], colour, 'rightward'),
        Group('boat', boats, sail, 'on', 'river'),
        Group('house', houses, roof, 'top', 'river'),
    ]


def _crossing(canvas: Canvas, x: int, y: int, colour: str, width: int):
    road(canvas, [(x, -220), (x, 1244)], 52)
    reach = width // 2 + 70
    deck = span(x - 40, y - reach, x + 40, y + reach)
    canvas.shadow(deck, 40)
    canvas.paint(deck, tint(canvas.dice, COLOURS[colour]))
    for side in (-18, 18):
        canvas.paint(box(x + side, y, 5, 2 * reach), shade(COLOURS[colour], -60))
    canvas.paint(box(x, y, 6, 2 * reach), shade(COLOURS[colour], -110))
    return canvas.box_of(deck)
