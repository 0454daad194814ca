"""Plans of traffic scenes: airport, bridge, parking, port, railway station, roundabout."""

from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.colours import COLOURS, GROUNDS, WATERS, shade, tint
from pir_mm.datasets.scenes.geometry import (
    box,
    cosine,
    disc,
    in_line,
    in_rows,
    rectangle,
    ribbon,
    scattered,
    sine,
    wavy,
)
from pir_mm.datasets.scenes.objects import (
    ROOFS,
    block,
    boat,
    car,
    container,
    house,
    plane,
    ship,
    train,
)
from pir_mm.datasets.scenes.scene import Box, Group
from pir_mm.datasets.scenes.terrain import ground, road, scatter_trees, trees, water

PAINTS = ('white', 'red', 'blue', 'yellow')  # of planes, boats and cars


def airport(canvas: Canvas) -> list[Group]:
    """Planes on an apron in front of a terminal, other planes on the runway."""
    rng = canvas.rng
    ground(canvas, rng.pick(('grass', 'dry grass')), rng.pick(('soil', 'meadow')))
    scatter_trees(canvas, 40, area=(-120, -120, 1144, 70))
    runway = road(canvas, [(-220, 190), (1244, 190)], 124)
    canvas.paint(rectangle(-220, 320, 1244, 1244), tint(rng, GROUNDS['concrete']), grain=20)
    canvas.paint(rectangle(-220, 334, 1244, 342), (90, 170, 190), strength=150)
    for k in range(-3, 16):
        canvas.paint(rectangle(k * 88, 320, k * 88 + 6, 1244), tint(rng, (118, 120, 122)))
    way = rng.between(120, 900)
    canvas.paint(box(way, 280, 90, 120), tint(rng, GROUNDS['asphalt']), grain=14)
    width, colour = rng.between(360, 760), rng.pick(('white', 'red', 'blue', 'brown'))
    left = rng.between(92, 932 - width)
    terminal = block(canvas, left, 800, left + width, 928, colour)
    main_colour, other_colour = rng.sample(PAINTS, 2)
    count = rng.between(1, 9)
    per_row = -(-count // 2) if count > 4 and rng.chance(70) or count > 5 else count
    spots, rows = in_rows(count, (92, 350, 932, 770), per_row)
    length = min(190, 840 // per_row - 16, 420 // rows - 22)
    heading = rng.pick((0, 180))
    planes = [plane(canvas, x, y, length, main_colour, heading) for x, y in spots]
    layout = ('row' if rows == 1 else 'rows') if count > 2 else None
    relation = rng.pick(('beside', 'top'))
    groups = [Group('plane', planes, main_colour, relation, 'terminal', layout)]
    moving = scattered(rng, rng.few(3), (100, 140, 924, 240), (170, 100))
    heading = rng.pick((90, 270))
    rolling = [plane(canvas, x, 190, 128, other_colour, heading) for x, _ in moving]
    groups.append(Group('plane', rolling, other_colour, 'on', 'runway'))
    groups.append(Group('terminal', [terminal], colour, 'bottom'))
    return [*groups, Group('runway', [runway], None, 'rightward')]


def bridge(canvas: Canvas) -> list[Group]:
    """Bridges over a river with boats, houses on one bank."""
    rng = canvas.rng
    ground(canvas, rng.pick(('grass', 'meadow', 'dry grass')), rng.pick(('soil', 'bush')))
    colour, deck = rng.pick(tuple(WATERS)), rng.pick(('white', 'grey', 'red'))
    path, width = wavy(rng, 540, 52), rng.between(220, 270)
    canvas.paint(ribbon(path, width + 36), tint(rng, (96, 126, 132)), grain=50)
    river = water(canvas, ribbon(path, width), colour)
    slots = [148 + 104 * k for k in range(8)]
    first = rng.below(3)
    crossings = [first + 3 * k for k in range(3) if first + 3 * k < 8]
    crossings = sorted(rng.sample(crossings, rng.between(1, len(crossings))))
    free = rng.shuffled([k for k in range(8) if k not in crossings])
    level = {k: min(path, key=lambda at, k=k: abs(at[0] - slots[k]))[1] for k in range(8)}
    bridges = [_crossing(canvas, slots[k], level[k], deck, width) for k in crossings]
    sail = rng.pick([paint for paint in PAINTS if paint != colour])
    boats, fleet = [], rng.few(4)
    for k in free[:fleet]:
        boats.append(
            boat(canvas, slots[k], level[k] + rng.between(-30, 30), 80, sail, rng.pick((90, 270)))
        )
    roof = rng.pick(ROOFS)
    plots = [
        (slots[k], rng.between(146, 210))
        for k in rng.sample(free, rng.between(0 if fleet else 1, 5))
    ]
    avoid = [(slots[k] - 50, -60, slots[k] + 50, 1084) for k in crossings]
    avoid += [(-200, 320, 1224, 780), *((x - 70, y - 70, x + 70, y + 70) for x, y in plots)]
    scatter_trees(canvas, 130, avoid)
    houses = [house(canvas, x, y, 82, 78, roof, rng.between(-6, 6)) for x, y in plots]
    return [
        Group('bridge', bridges, deck, 'over', 'river'),
        Group('river', [river], colour, 'rightward'),
        Group('boat', boats, sail, 'on', 'river'),
        Group('house', houses, roof, 'top', 'river'),
    ]


def _crossing(canvas: Canvas, x: int, y: int, colour: str, width: int) -> Box:
    road(canvas, [(x, -220), (x, 1244)], 52)
    reach = width // 2 + 70
    deck = rectangle(x - 40, y - reach, x + 40, y + reach)
    canvas.shadow(deck, 40)
    canvas.paint(deck, tint(canvas.rng, COLOURS[colour]))
    for side in (-18, 18):
        canvas.paint(box(x + side, y, 5, 2 * reach), shade(COLOURS[colour], -60))
    canvas.paint(box(x, y, 6, 2 * reach), shade(COLOURS[colour], -110))
    return canvas.box_of(deck)


def parking(canvas: Canvas) -> list[Group]:
    """Cars of two colours on a marked lot beside a building."""
    rng = canvas.rng
    ground(canvas, rng.pick(('grass', 'paving')), 'soil')
    scatter_trees(canvas, 110)
    lot = rectangle(84, 84, 940, 716)
    canvas.paint(rectangle(64, 64, 960, 736), tint(rng, GROUNDS['gravel']))
    canvas.paint(lot, tint(rng, GROUNDS['dark asphalt']), grain=18)
    bays = [(135 + 108 * c, y) for y in (172, 400, 628) for c in range(8)]
    for x, y in bays:
        for edge in (x - 54, x + 54):
            canvas.paint(box(edge, y, 7, 138), (170, 174, 176))
    main_colour, other_colour = rng.sample(PAINTS, 2)
    first, second = rng.between(1, 9), rng.few(7)
    taken = rng.sample(bays, first + second)
    heading = rng.pick((0, 180))
    cars = [
        [car(canvas, x + rng.between(-7, 7), y, 126, colour, heading) for x, y in spots]
        for colour, spots in ((main_colour, taken[:first]), (other_colour, taken[first:]))
    ]
    roof, width = rng.pick(ROOFS), rng.between(260, 700)
    left = rng.between(92, 932 - width)
    shop = block(canvas, left, 786, left + width, 926, roof)
    return [
        Group('car', cars[0], main_colour, 'in', 'parking lot'),
        Group('car', cars[1], other_colour, 'in', 'parking lot'),
        Group('building', [shop], roof, 'bottom', 'parking lot'),
    ]


def port(canvas: Canvas) -> list[Group]:
    """Ships in a row at a quay with containers, boats on the water."""
    rng = canvas.rng
    ground(canvas, 'concrete', grain=24)
    sea = rng.pick(tuple(WATERS))
    shore = rng.between(540, 580)
    water(canvas, rectangle(-220, -220, 1244, shore), sea)
    canvas.paint(rectangle(-220, shore, 1244, shore + 16), (86, 92, 96))
    main_colour = rng.pick(('white', 'red', 'yellow', 'grey'))
    small = rng.pick([paint for paint in PAINTS if paint != sea])
    count = rng.between(1, 7)
    length = rng.between(230, 280)
    berths = in_line(count, 92, 932, shore - length // 2 - 14, rng.between(118, 180))
    for x, y in berths:
        canvas.paint(rectangle(x + 44, y - length // 3, x + 56, shore), (120, 132, 142))
    heading = rng.pick((0, 180))
    ships = [ship(canvas, x, y, length, main_colour, heading) for x, y in berths]
    layout = 'row' if count > 2 else None
    groups = [Group('ship', ships, main_colour, 'beside', 'quay', layout)]
    boxes = rng.pick([c for c in ('red', 'blue', 'yellow', 'green') if c != main_colour])
    stacks = scattered(rng, rng.few(6), (92, 612, 932, 790), (160, 86))
    containers = [container(canvas, x, y, 138, 66, boxes) for x, y in stacks]
    groups.append(Group('container', containers, boxes, 'on', 'quay'))
    fleet = scattered(rng, rng.few(4), (92, 80, 932, 216), (200, 100))
    heading = rng.pick((90, 270))
    boats = [boat(canvas, x, y, 96, small, heading) for x, y in fleet]
    groups.append(Group('boat', boats, small, 'on', 'water'))
    roof = rng.pick(ROOFS)
    sheds = [
        block(canvas, x - 110, 826, x + 110, 930, roof)
        for x, _ in scattered(rng, rng.few(3), (92, 820, 932, 932), (250, 100))
    ]
    groups.append(Group('warehouse', sheds, roof, 'bottom'))
    return [*groups, Group('water', [canvas.box_of(rectangle(0, 0, 1024, shore))], sea, 'top')]


def railway_station(canvas: Canvas) -> list[Group]:
    """Parallel tracks with trains, roofed platforms between them, a station building."""
    rng = canvas.rng
    ground(canvas, rng.pick(('grass', 'dry grass')), 'soil')
    tracks, platforms = rng.between(2, 6), rng.between(0, 2)
    lanes = rng.shuffled(['track'] * tracks + ['platform'] * platforms)
    pitch = min(112, 650 // len(lanes))
    colour, cover = rng.sample(('white', 'red', 'blue', 'yellow', 'green'), 2)
    heights = {'track': [], 'platform': []}
    for k, lane in enumerate(lanes):
        heights[lane].append(100 + pitch * k + pitch // 2)
    rails = [_track(canvas, y) for y in heights['track']]
    roofs = []
    for y in heights['platform']:
        canvas.paint(box(512, y, 860, pitch - 14), tint(rng, GROUNDS['paving']), grain=14)
        start = rng.between(140, 300)
        roofs.append(block(canvas, start, y - 26, start + rng.between(420, 580), y + 26, cover))
    trains = []
    for y in rng.sample(heights['track'], rng.between(1, min(4, tracks))):
        length = rng.between(280, 520)
        left = rng.between(96, 928 - length)
        trains.append(train(canvas, left, left + length, y, 46, colour))
    roof, width = rng.pick(ROOFS), rng.between(300, 640)
    left = rng.between(96, 928 - width)
    station = block(canvas, left, 800, left + width, 926, roof)
    scatter_trees(canvas, 60, [(left, 780, left + width, 940)], (-60, 790, 1084, 1084))
    groups = [
        Group('train', trains, colour, 'on', 'tracks'),
        Group('railway track', rails, None, 'rightward'),
        Group('station building', [station], roof, 'bottom', 'tracks'),
    ]
    return [*groups, Group('platform', roofs, cover, 'beside', 'tracks')]


def _track(canvas: Canvas, y: int) -> Box:
    bed = box(512, y, 1500, 58)
    canvas.paint(bed, tint(canvas.rng, (138, 148, 156)), grain=40)
    for k in range(-9, 42):
        canvas.paint(box(k * 32, y, 12, 44), (84, 92, 102), strength=140)
    for rail in (-13, 13):
        canvas.paint(box(512, y + rail, 1500, 9), (52, 52, 56))
    return canvas.box_of(box(512, y, 1024, 58))


def roundabout(canvas: Canvas) -> list[Group]:
    """Roads that meet in a ring around an island, cars on the ring, houses between the roads."""
    rng = canvas.rng
    ground(canvas, rng.pick(('grass', 'meadow', 'paving')), rng.pick(('soil', 'bush')))
    arms, start = rng.between(3, 6), rng.below(360)
    angles = [start + 360 * k // arms + rng.between(-6, 6) for k in range(arms)]
    gaps = [start + 360 * k // arms + 180 // arms for k in range(arms)]
    ends = [
        [(512, 512), (512 + (cosine(a) * 900 >> 12), 512 + (sine(a) * 900 >> 12))] for a in angles
    ]
    plots = [
        (512 + (cosine(a) * 380 >> 12), 512 + (sine(a) * 380 >> 12))
        for a in rng.sample(gaps, min(arms, rng.few(6)))
    ]
    for a in gaps:
        for reach in (330, 480, 560):
            x, y = 512 + (cosine(a) * reach >> 12), 512 + (sine(a) * reach >> 12)
            spots = [(x + rng.between(-70, 70), y + rng.between(-70, 70)) for _ in range(5)]
            trees(canvas, spots, 16, 34)
    roads = [road(canvas, way, 84) for way in ends]
    canvas.paint(disc(512, 512, 246), tint(rng, GROUNDS['gravel']))
    canvas.paint(disc(512, 512, 236), tint(rng, GROUNDS['asphalt']), grain=14)
    colour = rng.pick(('green', 'brown', 'blue'))
    canvas.paint(disc(512, 512, 122), (188, 194, 196))
    island = disc(512, 512, 110)
    canvas.paint(island, shade(COLOURS[colour], -40 if colour != 'brown' else 0), grain=40)
    paint, roof = rng.pick(PAINTS), rng.pick(ROOFS)
    count, first, turn = rng.between(1, 6), rng.below(360), rng.pick((0, 180))
    ring = [first + 360 * k // count + rng.between(-8, 8) for k in range(count)]
    cars = [
        car(canvas, 512 + (cosine(a) * 180 >> 12), 512 + (sine(a) * 180 >> 12), 92, paint, a + turn)
        for a in ring
    ]
    houses = [house(canvas, x, y, 126, 96, roof, rng.between(-8, 8)) for x, y in plots]
    return [
        Group('moving car', cars, paint, 'on', 'roundabout'),
        Group('arm', roads, None, 'meeting', 'roundabout'),
        Group('island', [canvas.box_of(island)], colour, 'middle'),
        Group('house', houses, roof, 'between', 'roads'),
    ]
