"""A closed canopy with clearings, ponds and cabins on both sides of a path."""

from pir_mm.datasets.scenes import placing
from pir_mm.datasets.scenes.buildings import clearing, house
from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.palette import tint
from pir_mm.datasets.scenes.plants import pond, road, woods
from pir_mm.datasets.scenes.scene import Group
from pir_mm.datasets.scenes.shapes import disc, span, wavy

CROWNS = {'green': (46, 78, 54), 'orange': (52, 92, 146)}


def forest(canvas: Canvas) -> list[Group]:
    """A closed canopy with clearings, ponds and cabins on both sides of a path."""
    dice = canvas.dice
    leaves = dice.pick(('green', 'green', 'orange'))
    woods(canvas, (-140, -140, 1164, 1164), 50, CROWNS[leaves])
    way = road(canvas, wavy(dice, 512, 26), 34, 'track', False) if dice.chance(60) else None
    upper = placing.scattered(dice, 8, (92, 92, 932, 420), (200, 160))
    lower = placing.scattered(dice, 8, (92, 604, 932, 932), (200, 160))
    spots = dice.shuffled(upper + lower)
    open_spots, wet, homes = dice.between(1, 7), dice.few(4), dice.few(4)
    roof = dice.pick(('red', 'white'))
    glades = [clearing(canvas, x, y, 90, 70) for x, y in spots[:open_spots]]
    ponds = [pond(canvas, x, y, 90, 70) for x, y in spots[open_spots : open_spots + wet]]
    cabins = []
    for x, y in spots[open_spots + wet : open_spots + wet + homes]:
        canvas.paint(disc(x, y, 78, 66), tint(dice, (70, 104, 92)), grain=40)
        cabins.append(house(canvas, x, y, 88, 70, roof, dice.between(-20, 20)))
    return [
        Group('clearing', glades),
        Group('cabin', cabins, roof, 'among', 'trees'),
        Group('pond', ponds, None, 'among', 'trees'),
        Group('path', [way] if way else [], None, 'rightward'),
        Group('trees', [canvas.box_of(span(0, 0, 1024, 1024))], leaves, 'everywhere'),
    ]
