"""A few houses on both sides of a country road, perhaps a pond."""

from pir_mm.datasets.scenes import placing
from pir_mm.datasets.scenes.buildings import ROOFS, house
from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.palette import GROUNDS, tint
from pir_mm.datasets.scenes.plants import clutter, ground, pond, road
from pir_mm.datasets.scenes.scene import Group
from pir_mm.datasets.scenes.shapes import box, wavy


def sparse_residential(canvas: Canvas) -> list[Group]:
    """A few houses on both sides of a country road, perhaps a pond."""
    dice = canvas.dice
    ground(
        canvas, dice.pick(('grass', 'meadow', 'dry grass')), dice.pick(('soil', 'bush')), grain=44
    )
    way = road(
        canvas, wavy(dice, 512, 22), 60, dice.pick(('asphalt', 'track')), line=dice.chance(50)
    )
    mine, other = dice.sample(ROOFS, 2)
    first, second = dice.between(1, 7), dice.few(6)
    wet = dice.chance(45)
    upper = placing.scattered(dice, first, (92, 92, 932, 424), (190, 150))
    right = placing.scattered(
        dice,
        min(second, 4 if wet else 6),
        (400 if wet else 92, 600, 932, 932),
        (170 if wet else 190, 150),
    )
    lake = (dice.between(200, 240), dice.between(730, 790))
    keep_off = [(x - 84, y - 74, x + 84, y + 74) for x, y in upper + right] + [
        (-60, 450, 1084, 574)
    ]
    ponds = [pond(canvas, *lake, 122, 108)] if wet else []
    keep_off += [(lake[0] - 130, lake[1] - 116, lake[0] + 130, lake[1] + 116)] if wet else []
    clutter(canvas, dice.between(60, 200), keep_off)
    homes = {}
    for colour, spots in ((mine, upper), (other, right)):
        for x, y in spots:
            canvas.paint(box(x, y, 150, 128), tint(dice, GROUNDS['track']), 40, 90)
        homes[colour] = [
            house(
                canvas,
                x,
                y,
                dice.between(118, 132),
                dice.between(84, 98),
                colour,
                dice.between(-14, 14),
            )
            for x, y in spots
        ]
    return [
        Group('house', homes[mine], mine, 'top', 'road'),
        Group('house', homes[other], other, 'bottom', 'road'),
        Group('pond', ponds, None, 'bottom', 'road'),
        Group('road', [way], None, 'rightward'),
    ]
