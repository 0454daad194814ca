"""Turbines at sea with boats, or on land with farm houses and a track."""

from pir_mm.datasets.scenes import placing
from pir_mm.datasets.scenes.buildings import ROOFS, house
from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.palette import GROUNDS
from pir_mm.datasets.scenes.plants import EVERYWHERE, clutter, ground, road, water
from pir_mm.datasets.scenes.scene import Group
from pir_mm.datasets.scenes.shapes import span
from pir_mm.datasets.scenes.vehicles import boat, turbine


def wind_farm(canvas: Canvas) -> list[Group]:
    """Turbines at sea with boats, or on land with farm houses and a track."""
    dice = canvas.dice
    count, at_sea, extra = dice.between(1, 9), dice.chance(34), dice.few(5)
    colour = dice.pick(('blue', 'green') if at_sea else ('green', 'brown'))
    paint = dice.pick(('white', 'red', 'yellow') if at_sea else ROOFS)
    whole, layout = canvas.box_of(span(0, 0, 1024, 1024)), None
    if at_sea:
        base = [Group('sea', [water(canvas, EVERYWHERE, colour)], colour, 'around', 'turbines')]
    else:
        ground(canvas, 'meadow' if colour == 'green' else 'soil', grain=36)
        canvas.stripes(EVERYWHERE, GROUNDS['bush'], 60, dice.pick((0, 90)), 30)
        ends = [(-220, dice.between(300, 700)), (1244, dice.between(300, 700))]
        way = road(canvas, ends, 34, 'track', False)
        base = [
            Group('open field', [whole], colour, 'around', 'turbines'),
            Group('path', [way], None, 'rightward'),
        ]
    if count > 2 and not extra:
        spots, rows = placing.ranked(count, (92, 92, 932, 932), 4 if count > 4 else count)
        layout = 'row' if rows == 1 else 'rows'
    else:
        spots = dice.shuffled(
            placing.scattered(dice, count + extra, (92, 92, 932, 932), (208, 208))
        )
    if not at_sea:
        clutter(canvas, 70, [(x - 90, y - 80, x + 90, y + 80) for x, y in spots])
    turn = dice.pick((90, 270))
    extras = [
        boat(canvas, x, y, 92, paint, turn)
        if at_sea
        else house(canvas, x, y, 104, 84, paint, dice.below(40))
        for x, y in spots[count:]
    ]
    turn = dice.below(120)
    turbines = [turbine(canvas, x, y, 196, turn + dice.between(-6, 6)) for x, y in spots[:count]]
    return [
        Group('turbine', turbines, 'white', None, layout=layout),
        Group('boat' if at_sea else 'house', extras, paint, 'among', 'turbines'),
        *base,
    ]
