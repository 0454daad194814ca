"""Plans of open land: beach, desert, farmland, forest, golf course, wind farm."""

from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.colours import GROUNDS, shade, tint
from pir_mm.datasets.scenes.geometry import (
    blob,
    box,
    disc,
    in_rows,
    rectangle,
    ribbon,
    scattered,
    wavy,
)
from pir_mm.datasets.scenes.objects import (
    ROOFS,
    block,
    boat,
    bunker,
    clearing,
    house,
    tent,
    turbine,
    umbrella,
)
from pir_mm.datasets.scenes.scene import Box, Group
from pir_mm.datasets.scenes.terrain import (
    EVERYWHERE,
    ground,
    pond,
    road,
    scatter_trees,
    trees,
    water,
    woods,
)

SANDS = {'white': (196, 210, 218), 'yellow': (134, 184, 210), 'grey': (142, 150, 154)}
DUNES = {'yellow': (140, 186, 214), 'orange': (96, 142, 200), 'grey': (148, 158, 164)}
CROPS = {'green': (66, 120, 72), 'yellow': (86, 184, 204), 'brown': (70, 98, 130)}
CROWNS = {'green': (46, 78, 54), 'orange': (52, 92, 146)}


def beach(canvas: Canvas) -> list[Group]:
    """Sea, surf and sand with umbrellas, boats on the water, hotels behind the beach."""
    rng = canvas.rng
    strand = rng.pick(tuple(SANDS))
    canvas.paint(rectangle(-220, -220, 1244, 1244), tint(rng, SANDS[strand], 6), grain=16)
    coast = wavy(rng, rng.between(380, 420), 26)
    sea = water(canvas, [*coast, (1244, -260), (-220, -260)], rng.pick(('blue', 'green')))
    for shift, light in ((-64, 70), (-30, 120), (0, 190)):
        foam = [(x, y + shift + rng.between(-9, 9)) for x, y in coast]
        canvas.paint(ribbon(foam, 20), (226, 228, 222), strength=light)
    canvas.paint(ribbon([(x, y + 30) for x, y in coast], 40), (112, 140, 156), strength=90)
    canvas.paint(rectangle(-220, 790, 1244, 1244), tint(rng, GROUNDS['grass']), grain=40)
    main_colour, other_colour = rng.sample(
        [c for c in ('red', 'blue', 'yellow', 'white') if c != strand], 2
    )
    first, second = rng.between(1, 9), rng.few(6)
    if second == 0 and 2 < first and rng.chance(60):
        spots, rows = in_rows(first, (92, 500, 932, 760), first if first < 7 else 5)
        layout = 'row' if rows == 1 else 'rows'
    else:
        spots, layout = (
            scattered(rng, first + second, (92, 500, 932, 760), (104, 86)),
            None,
        )
    spots = rng.shuffled(spots)
    shades = [
        [umbrella(canvas, x, y, 36, colour) for x, y in places]
        for colour, places in ((main_colour, spots[:first]), (other_colour, spots[first:]))
    ]
    sail = rng.pick(('white', 'red', 'yellow'))
    fleet = scattered(rng, rng.few(5), (92, 92, 932, 296), (160, 100))
    boats = [boat(canvas, x, y, 88, sail, rng.pick((90, 270))) for x, y in fleet]
    roof = rng.pick(ROOFS)
    lots = [x for x, _ in scattered(rng, rng.few(4), (92, 820, 932, 932), (200, 100))]
    scatter_trees(canvas, 120, [(x - 96, 800, x + 96, 960) for x in lots], (-60, 830, 1084, 1100))
    hotels = [block(canvas, x - 84, 828, x + 84, 928, roof) for x in lots]
    return [
        Group('umbrella', shades[0], main_colour, 'on', 'sand', layout),
        Group('umbrella', shades[1], other_colour, 'on', 'sand'),
        Group('boat', boats, sail, 'on', 'sea'),
        Group('hotel', hotels, roof, 'bottom', 'sand'),
        Group('sea', [sea], None, 'top'),
        Group('sand', [canvas.box_of(rectangle(0, 420, 1024, 780))], strand),
    ]


def desert(canvas: Canvas) -> list[Group]:
    """Dunes with tents, an oasis and a track."""
    rng = canvas.rng
    colour = rng.pick(tuple(DUNES))
    sand = tint(rng, DUNES[colour], 6)
    canvas.paint(rectangle(-260, -260, 1284, 1284), sand, grain=30)
    canvas.mottle(shade(sand, -30), 20, 120)
    lean = rng.between(60, 90)
    for y in range(-200, 1300, lean):
        crest = wavy(rng, y, 16)
        canvas.paint(ribbon(crest, 22), shade(sand, -44), grain=20, strength=130)
        canvas.paint(ribbon([(x, y - 18) for x, y in crest], 16), shade(sand, 26), strength=130)
    way = road(canvas, wavy(rng, 512, 20), 44, rng.pick(('asphalt', 'track')), False)
    main_colour = rng.pick(('white', 'blue', 'red'))
    count, rocks, wet = rng.between(1, 8), rng.few(5), rng.few(3)
    upper = scattered(rng, count, (92, 92, 932, 430), (190, 150))
    lower = rng.shuffled(scattered(rng, rocks + wet, (92, 594, 932, 932), (200, 160)))
    tents = [tent(canvas, x, y, 96, main_colour, rng.between(0, 44)) for x, y in upper]
    pools = []
    for x, y in lower[:wet]:
        palms = [
            (x + rng.between(-92, 92), y + rng.pick((-62, 62)) + rng.between(-8, 8))
            for _ in range(16)
        ]
        trees(canvas, palms, 16, 26)
        pools.append(pond(canvas, x, y, 82, 58))
    roof = rng.pick([paint for paint in ('white', 'red', 'blue') if paint != main_colour])
    huts = [house(canvas, x, y, 112, 88, roof, rng.between(-16, 16)) for x, y in lower[wet:]]
    return [
        Group('tent', tents, main_colour, 'top', 'track'),
        Group('house', huts, roof, 'bottom', 'track'),
        Group('oasis', pools, None, 'bottom', 'track'),
        Group('track', [way], None, 'rightward'),
        Group('sand', [canvas.box_of(rectangle(0, 0, 1024, 1024))], colour, 'everywhere'),
    ]


def farmland(canvas: Canvas) -> list[Group]:
    """Round or square fields of two crops and barns."""
    rng = canvas.rng
    ground(canvas, 'dry grass', 'soil', grain=30)
    main_colour, other_colour = rng.sample(tuple(CROPS), 2)
    spots = [(232 + 280 * c, 232 + 280 * r) for r in range(3) for c in range(3)]
    for x in range(-1, 5):
        road(canvas, [(92 + 280 * x, -220), (92 + 280 * x, 1244)], 14, 'track', line=False)
    barns, roof = rng.few(3), rng.pick(('red', 'white', 'blue'))
    first = rng.between(1, 8 - barns)
    second = rng.between(0 if barns else 1, min(6, 9 - first - barns))
    taken = rng.sample(spots, first + second + barns)
    plot = _round_field if rng.chance(50) else _square_field
    noun = 'round field' if plot is _round_field else 'field'
    fields = [
        [plot(canvas, x, y, crop) for x, y in places]
        for crop, places in (
            (main_colour, taken[:first]),
            (other_colour, taken[first : first + second]),
        )
    ]
    yards = taken[first + second :]
    scatter_trees(
        canvas,
        130,
        [(x - 136, y - 136, x + 136, y + 136) for x, y in taken[: first + second]]
        + [(x - 90, y - 80, x + 90, y + 80) for x, y in yards],
    )
    farms = [house(canvas, x, y, 136, 104, roof, rng.between(-10, 10)) for x, y in yards]
    return [
        Group(noun, fields[0], main_colour),
        Group(noun, fields[1], other_colour),
        Group('barn', farms, roof, 'among' if first > 1 else 'beside', 'fields'),
    ]


def _round_field(canvas: Canvas, x: int, y: int, crop: str) -> Box:
    paint = tint(canvas.rng, CROPS[crop], 6)
    canvas.paint(disc(x, y, 130, corners=40), shade(paint, -20), grain=26)
    for radius in (112, 84, 56):
        canvas.paint(disc(x, y, radius, corners=32), shade(paint, canvas.rng.between(-16, 22)), 26)
    canvas.paint(ribbon([(x, y), (x + 90, y + 90)], 7), (190, 196, 198), strength=150)
    return canvas.box_of(disc(x, y, 130))


def _square_field(canvas: Canvas, x: int, y: int, crop: str) -> Box:
    paint, field = tint(canvas.rng, CROPS[crop], 6), box(x, y, 252, 252)
    canvas.paint(field, paint, grain=30)
    canvas.stripes(
        field, shade(paint, -50), canvas.rng.pick((14, 20)), canvas.rng.pick((0, 90)), 120
    )
    return canvas.box_of(field)


def forest(canvas: Canvas) -> list[Group]:
    """Dense trees with clearings, ponds and cabins on both sides of a path."""
    rng = canvas.rng
    leaves = rng.pick(('green', 'green', 'orange'))
    woods(canvas, (-140, -140, 1164, 1164), 50, CROWNS[leaves])
    way = road(canvas, wavy(rng, 512, 26), 34, 'track', False) if rng.chance(60) else None
    upper = scattered(rng, 8, (92, 92, 932, 420), (200, 160))
    lower = scattered(rng, 8, (92, 604, 932, 932), (200, 160))
    spots = rng.shuffled(upper + lower)
    open_spots, wet, homes = rng.between(1, 7), rng.few(4), rng.few(4)
    roof = rng.pick(('red', 'white'))
    glades = [clearing(canvas, x, y, 90, 70) for x, y in spots[:open_spots]]
    ponds = [pond(canvas, x, y, 90, 70) for x, y in spots[open_spots : open_spots + wet]]
    cabins = []
    for x, y in spots[open_spots + wet : open_spots + wet + homes]:
        canvas.paint(disc(x, y, 78, 66), tint(rng, (70, 104, 92)), grain=40)
        cabins.append(house(canvas, x, y, 88, 70, roof, rng.between(-20, 20)))
    return [
        Group('clearing', glades),
        Group('cabin', cabins, roof, 'among', 'trees'),
        Group('pond', ponds, None, 'among', 'trees'),
        Group('path', [way] if way else [], None, 'rightward'),
        Group('trees', [canvas.box_of(rectangle(0, 0, 1024, 1024))], leaves, 'everywhere'),
    ]


def golf_course(canvas: Canvas) -> list[Group]:
    """Bunkers and ponds on mown lawns, a club house at one side."""
    rng = canvas.rng
    ground(canvas, 'meadow', 'bush', grain=40)
    for _ in range(4):
        x, y = rng.between(100, 900), rng.between(100, 700)
        lawn = blob(rng, x, y, rng.between(140, 300), rng.between(110, 220))
        canvas.paint(lawn, tint(rng, (86, 154, 122)), grain=16)
        canvas.stripes(lawn, (96, 170, 136), 26, rng.between(0, 179), 90)
    count, wet = rng.between(1, 9), rng.few(4)
    spots = rng.shuffled(scattered(rng, count + wet, (92, 92, 932, 760), (190, 160)))
    width, roof = rng.between(170, 300), rng.pick(ROOFS)
    left = rng.between(92, 932 - width)
    avoid = [(x - 92, y - 80, x + 92, y + 80) for x, y in spots]
    avoid.append((left - 30, 780, left + width + 30, 960))
    scatter_trees(canvas, 190, avoid)
    sand = [
        bunker(canvas, x, y, rng.between(62, 84), rng.between(50, 66)) for x, y in spots[:count]
    ]
    ponds = [pond(canvas, x, y, 86, 74) for x, y in spots[count:]]
    canvas.paint(
        rectangle(left - 24, 796, left + width + 24, 944), tint(rng, GROUNDS['paving']), 20
    )
    club = house(canvas, left + width // 2, 868, width, 112, roof)
    return [
        Group('bunker', sand),
        Group('pond', ponds),
        Group('club house', [club], roof, 'bottom'),
    ]


def wind_farm(canvas: Canvas) -> list[Group]:
    """Turbines at sea with boats, or on land with farm houses and a track."""
    rng = canvas.rng
    count, at_sea, extra = rng.between(1, 9), rng.chance(34), rng.few(5)
    colour = rng.pick(('blue', 'green') if at_sea else ('green', 'brown'))
    paint = rng.pick(('white', 'red', 'yellow') if at_sea else ROOFS)
    whole, layout = canvas.box_of(rectangle(0, 0, 1024, 1024)), None
    if at_sea:
        base = [Group('sea', [water(canvas, EVERYWHERE, colour)], colour, 'around', 'turbines')]
    else:
        ground(canvas, 'meadow' if colour == 'green' else 'soil', grain=36)
        canvas.stripes(EVERYWHERE, GROUNDS['bush'], 60, rng.pick((0, 90)), 30)
        ends = [(-220, rng.between(300, 700)), (1244, rng.between(300, 700))]
        way = road(canvas, ends, 34, 'track', False)
        base = [
            Group('open field', [whole], colour, 'around', 'turbines'),
            Group('path', [way], None, 'rightward'),
        ]
    if count > 2 and not extra:
        spots, rows = in_rows(count, (92, 92, 932, 932), 4 if count > 4 else count)
        layout = 'row' if rows == 1 else 'rows'
    else:
        spots = rng.shuffled(scattered(rng, count + extra, (92, 92, 932, 932), (208, 208)))
    if not at_sea:
        scatter_trees(canvas, 70, [(x - 90, y - 80, x + 90, y + 80) for x, y in spots])
    turn = rng.pick((90, 270))
    extras = [
        boat(canvas, x, y, 92, paint, turn)
        if at_sea
        else house(canvas, x, y, 104, 84, paint, rng.below(40))
        for x, y in spots[count:]
    ]
    turn = rng.below(120)
    turbines = [turbine(canvas, x, y, 196, turn + rng.between(-6, 6)) for x, y in spots[:count]]
    return [
        Group('turbine', turbines, 'white', None, layout=layout),
        Group('boat' if at_sea else 'house', extras, paint, 'among', 'turbines'),
        *base,
    ]
