"""Dunes with tents, an oasis and a track."""

from pir_mm.datasets.scenes import placing
from pir_mm.datasets.scenes.buildings import house, tent
from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.palette import shade, tint
from pir_mm.datasets.scenes.plants import pond, road, trees
from pir_mm.datasets.scenes.scene import Group
from pir_mm.datasets.scenes.shapes import ribbon, span, wavy

DUNES = {'yellow': (140, 186, 214), 'orange': (96, 142, 200), 'grey': (148, 158, 164)}


def desert(canvas: Canvas) -> list[Group]:
    """Dunes with tents, an oasis and a track."""
    dice = canvas.dice
    colour = dice.pick(tuple(DUNES))
    sand = tint(dice, DUNES[colour], 6)
    canvas.paint(span(-260, -260, 1284, 1284), sand, grain=30)
    canvas.mottle(shade(sand, -30), 20, 120)
    lean = dice.between(60, 90)
    for y in range(-200, 1300, lean):
        crest = wavy(dice, y, 16)
        canvas.paint(ribbon(crest, 22), shade(sand, -44), grain=20, strength=130)
        canvas.paint(ribbon([(x, y - 18) for x, y in crest], 16), shade(sand, 26), strength=130)
    way = road(canvas, wavy(dice, 512, 20), 44, dice.pick(('asphalt', 'track')), False)
    mine = dice.pick(('white', 'blue', 'red'))
    count, rocks, wet = dice.between(1, 8), dice.few(5), dice.few(3)
    upper = placing.scattered(dice, count, (92, 92, 932, 430), (190, 150))
    lower = dice.shuffled(placing.scattered(dice, rocks + wet, (92, 594, 932, 932), (200, 160)))
    tents = [tent(canvas, x, y, 96, mine, dice.between(0, 44)) for x, y in upper]
    pools = []
    for x, y in lower[:wet]:
        palms = [
            (x + dice.between(-92, 92), y + dice.pick((-62, 62)) + dice.between(-8, 8))
            for _ in range(16)
        ]
        trees(canvas, palms, 16, 26)
        pools.append(pond(canvas, x, y, 82, 58))
    roof = dice.pick([paint for paint in ('white', 'red', 'blue') if paint != mine])
    huts = [house(canvas, x, y, 112, 88, roof, dice.between(-16, 16)) for x, y in lower[wet:]]
    return [
        Group('tent', tents, mine, 'top', 'track'),
        Group('house', huts, roof, 'bottom', 'track'),
        Group('oasis', pools, None, 'bottom', 'track'),
        Group('track', [way], None, 'rightward'),
        Group('sand', [canvas.box_of(span(0, 0, 1024, 1024))], colour, 'everywhere'),
    ]
