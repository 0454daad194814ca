"""Roads meeting in a ring about an island, cars on the ring, houses between the roads."""

from pir_mm.datasets.scenes.buildings import ROOFS, house
from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.palette import COLOURS, GROUNDS, shade, tint
from pir_mm.datasets.scenes.plants import ground, road, trees
from pir_mm.datasets.scenes.scene import Group
from pir_mm.datasets.scenes.shapes import cosine, disc, sine
from pir_mm.datasets.scenes.vehicles import car

CARS = ('white', 'red', 'blue', 'yellow')


def roundabout(canvas: Canvas) -> list[Group]:
    """Roads meeting in a ring about an island, cars on the ring, houses between the roads."""
    dice = canvas.dice
    ground(canvas, dice.pick(('grass', 'meadow', 'paving')), dice.pick(('soil', 'bush')))
    arms, start = dice.between(3, 6), dice.below(360)
    angles = [start + 360 * k // arms + dice.between(-6, 6) for k in range(arms)]
    gaps = [start + 360 * k // arms + 180 // arms for k in range(arms)]
    ends = [
        [(512, 512), (512 + (cosine(a) * 900 >> 12), 512 + (sine(a) * 900 >> 12))] for a in angles
    ]
    plots = [
        (512 + (cosine(a) * 380 >> 12), 512 + (sine(a) * 380 >> 12))
        for a in dice.sample(gaps, min(arms, dice.few(6)))
    ]
    for a in gaps:
        for reach in (330, 480, 560):
            x, y = 512 + (cosine(a) * reach >> 12), 512 + (sine(a) * reach >> 12)
            spots = [(x + dice.between(-70, 70), y + dice.between(-70, 70)) for _ in range(5)]
            trees(canvas, spots, 16, 34)
    roads = [road(canvas, way, 84) for way in ends]
    canvas.paint(disc(512, 512, 246), tint(dice, GROUNDS['gravel']))
    canvas.paint(disc(512, 512, 236), tint(dice, GROUNDS['asphalt']), grain=14)
    colour = dice.pick(('green', 'brown', 'blue'))
    canvas.paint(disc(512, 512, 122), (188, 194, 196))
    island = disc(512, 512, 110)
    canvas.paint(island, shade(COLOURS[colour], -40 if colour != 'brown' else 0), grain=40)
    paint, roof = dice.pick(CARS), dice.pick(ROOFS)
    count, first, turn = dice.between(1, 6), dice.below(360), dice.pick((0, 180))
    ring = [first + 360 * k // count + dice.between(-8, 8) for k in range(count)]
    cars = [
        car(canvas, 512 + (cosine(a) * 180 >> 12), 512 + (sine(a) * 180 >> 12), 92, paint, a + turn)
        for a in ring
    ]
    houses = [house(canvas, x, y, 126, 96, roof, dice.between(-8, 8)) for x, y in plots]
    return [
        Group('moving car', cars, paint, 'on', 'roundabout'),
        Group('arm', roads, None, 'meeting', 'roundabout'),
        Group('island', [canvas.box_of(island)], colour, 'middle'),
        Group('house', houses, roof, 'between', 'roads'),
    ]
