"""Plans of towns: dense and sparse residential, stadium, storage tanks."""

import numpy as np

from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.colours import COLOURS, GROUNDS, shade, tint
from pir_mm.datasets.scenes.geometry import box, disc, in_line, in_rows, rectangle, scattered, wavy
from pir_mm.datasets.scenes.objects import ROOFS, block, car, court, house, pool, tank
from pir_mm.datasets.scenes.scene import Group
from pir_mm.datasets.scenes.terrain import ground, pond, road, scatter_trees, trees


def dense_residential(canvas: Canvas) -> list[Group]:
    """Rows of houses along streets; some plots have a pool, one may have a large building."""
    rng = canvas.rng
    ground(canvas, rng.pick(('grass', 'meadow')), rng.pick(('soil', 'bush')))
    scatter_trees(canvas, 90)
    rows, pools, hall_plots = rng.between(2, 4), [], rng.pick((0, 2, 3))
    main_colour, other_colour, hall = rng.sample(ROOFS, 3)
    pitch = 840 // rows
    depth, per_row = min(150, pitch - 96), 8
    changed = rng.below(rows) if rng.chance(50) else -1
    with_hall, at = rng.below(rows), rng.below(5)
    plots = [
        (r, c)
        for r in range(rows)
        for c in range(per_row)
        if not (hall_plots and r == with_hall and at <= c < at + hall_plots)
    ]
    wet = rng.sample(plots, rng.few(6) or (not hall_plots and changed < 0))
    lines, halls = {main_colour: [], other_colour: []}, []
    for r in range(-1, rows):
        y = 92 + r * pitch + pitch // 2
        _street(canvas, y + pitch // 2)
        if r < 0:
            continue
        colour = other_colour if r == changed else main_colour
        for c in range(-1, per_row + 1):
            x = 92 + c * 105 + 52
            if (r, c) in wet:
                pools.append(pool(canvas, x, y, 84, min(66, depth - 12)))
            elif (r, c) in plots or c in (-1, per_row):
                size = depth - rng.between(0, 22)
                house(canvas, x, y, 84 - rng.below(12), size, colour, rng.between(-3, 3))
        lines[colour].append(canvas.box_of(rectangle(92, y - depth // 2, 932, y + depth // 2)))
        if hall_plots and r == with_hall:
            left, right = 104 + at * 105, 80 + (at + hall_plots) * 105
            halls = [block(canvas, left, y - depth // 2, right, y + depth // 2, hall)]
    levels = {0: 'top', rows - 1: 'bottom'}
    return [
        Group('row of houses', lines[main_colour], main_colour),
        Group('pool', pools, 'blue', 'between', 'houses'),
        Group('row of houses', lines[other_colour], other_colour, levels.get(changed, 'middle')),
        Group('large building', halls, hall, levels.get(with_hall, 'middle')),
    ]


def _street(canvas: Canvas, y: int) -> None:
    """A street with cars and trees that no caption mentions."""
    rng = canvas.rng
    road(canvas, [(-220, y), (1244, y)], 52, line=False)
    for _ in range(rng.below(5)):
        colour = rng.pick(('grey', 'black', 'white'))
        car(canvas, rng.between(0, 1024), y + rng.pick((-12, 12)), 44, colour, 90)
    verge = [(rng.between(-60, 1084), y + 48) for _ in range(rng.between(6, 24))]
    trees(canvas, verge, 12, 26)


def sparse_residential(canvas: Canvas) -> list[Group]:
    """A few houses on both sides of a country road, perhaps a pond."""
    rng = canvas.rng
    ground(canvas, rng.pick(('grass', 'meadow', 'dry grass')), rng.pick(('soil', 'bush')), grain=44)
    way = road(canvas, wavy(rng, 512, 22), 60, rng.pick(('asphalt', 'track')), line=rng.chance(50))
    main_colour, other_colour = rng.sample(ROOFS, 2)
    first, second = rng.between(1, 7), rng.few(6)
    wet = rng.chance(45)
    upper = scattered(rng, first, (92, 92, 932, 424), (190, 150))
    right = scattered(
        rng,
        min(second, 4 if wet else 6),
        (400 if wet else 92, 600, 932, 932),
        (170 if wet else 190, 150),
    )
    lake = (rng.between(200, 240), rng.between(730, 790))
    avoid = [(x - 84, y - 74, x + 84, y + 74) for x, y in upper + right] + [(-60, 450, 1084, 574)]
    ponds = [pond(canvas, *lake, 122, 108)] if wet else []
    avoid += [(lake[0] - 130, lake[1] - 116, lake[0] + 130, lake[1] + 116)] if wet else []
    scatter_trees(canvas, rng.between(60, 200), avoid)
    homes = {}
    for colour, spots in ((main_colour, upper), (other_colour, right)):
        for x, y in spots:
            canvas.paint(box(x, y, 150, 128), tint(rng, GROUNDS['track']), 40, 90)
        homes[colour] = [
            house(
                canvas,
                x,
                y,
                rng.between(118, 132),
                rng.between(84, 98),
                colour,
                rng.between(-14, 14),
            )
            for x, y in spots
        ]
    return [
        Group('house', homes[main_colour], main_colour, 'top', 'road'),
        Group('house', homes[other_colour], other_colour, 'bottom', 'road'),
        Group('pond', ponds, None, 'bottom', 'road'),
        Group('road', [way], None, 'rightward'),
    ]


LINES = (216, 220, 218)


def stadium(canvas: Canvas) -> list[Group]:
    """An oval running track around a pitch, stands around both, courts beside them."""
    rng = canvas.rng
    ground(canvas, rng.pick(('grass', 'paving')), rng.pick(('soil', 'bush')))
    scatter_trees(canvas, 120)
    canvas.paint(rectangle(74, 74, 950, 726), tint(rng, GROUNDS['concrete']), grain=20)
    lane = rng.pick(('red', 'blue', 'black'))
    oval = [_oval(512, 400, 340 - inset, 226 - inset) for inset in (0, 22, 26, 48, 52, 74)]
    for k, outline in enumerate(oval[:-1]):
        canvas.paint(outline, LINES if k % 2 else tint(rng, COLOURS[lane], 4))
    lawn = rng.pick(('green', 'brown'))
    canvas.paint(oval[-1], tint(rng, COLOURS[lawn]), grain=24)
    canvas.stripes(box(512, 400, 360, 240), shade(COLOURS[lawn], 60), 30, 0, 80)
    for wide, high in ((360, 240), (76, 120)):
        side = 0 if wide == 360 else 142
        for x in {512 - side, 512 + side}:
            _pitch_lines(canvas, x, 400, wide, high)
    canvas.paint(box(512, 400, 7, 240), LINES)
    paint, seats = rng.pick(('blue', 'red', 'green')), rng.pick(('white', 'red', 'blue'))
    sites = [(200, 90, 824, 156), (200, 644, 824, 710), (90, 200, 156, 600), (868, 200, 934, 600)]
    taken = rng.sample(sites, rng.between(1, 4))
    stands = [block(canvas, *site, seats) for site in taken]
    where = (
        ('top', 'bottom', 'left', 'right')[sites.index(taken[0])] if len(taken) == 1 else 'around'
    )
    spots = in_line(rng.between(1, 5), 92, 932, 848, 176)[: rng.few(5)]
    courts = [court(canvas, x - 68, y - 82, x + 68, y + 82, paint) for x, y in spots]
    return [
        Group('stand', stands, seats, where, 'pitch'),
        Group('court', courts, paint, 'bottom', 'stadium', 'row' if len(courts) > 2 else None),
        Group('running track', [canvas.box_of(oval[0])], lane, 'around', 'pitch'),
        Group('pitch', [canvas.box_of(oval[-1])], lawn, 'middle'),
    ]


def _oval(x: int, y: int, half_width: int, half_height: int) -> np.ndarray:
    """A rectangle with half discs at its ends."""
    ends = disc(0, 0, half_height, corners=48)
    shift = half_width - half_height
    ends[:, 0] += (ends[:, 0] >= 0) * 2 * shift - shift
    return ends + (x, y)


def _pitch_lines(canvas: Canvas, x: int, y: int, width: int, height: int) -> None:
    for dx, dy, wide, high in (
        (0, -height, width, 7),
        (0, height, width, 7),
        (-width, 0, 7, height),
        (width, 0, 7, height),
    ):
        canvas.paint(box(x + dx // 2, y + dy // 2, wide, high), LINES)


def storage_tanks(canvas: Canvas) -> list[Group]:
    """Large tanks on one side of a road, small ones or a building on the other."""
    rng = canvas.rng
    ground(canvas, rng.pick(('gravel', 'concrete', 'dry grass')), 'soil')
    way = road(canvas, [(716, -220), (716, 1244)], 66)
    main_colour = rng.pick(('white', 'grey', 'red', 'blue', 'green'))
    other_colour = rng.pick(
        [colour for colour in ('white', 'grey', 'red', 'blue') if colour != main_colour]
    )
    count = rng.between(1, 9)
    per_row = 1 if count <= 2 else 2 if count <= 6 and rng.chance(60) or count == 4 else 3
    spots, rows = in_rows(count, (92, 92, 656, 932), per_row)
    radius = min(150, 282 // per_row - 16, 420 // rows - 16)
    for _, y in spots:
        canvas.paint(
            rectangle(66, y - radius - 22, 664, y + radius + 22),
            tint(rng, (124, 134, 140)),
            26,
            110,
        )
    for y in sorted({y for _, y in spots}):
        canvas.paint(box(360, y + radius + 18, 600, 8), (96, 100, 104))
        canvas.paint(box(360, y, 590, 10), (150, 154, 156))
    tanks = [tank(canvas, x, y, radius, main_colour) for x, y in spots]
    scatter_trees(canvas, 40, area=(960, -60, 1200, 1084))
    small = scattered(rng, rng.few(6), (774, 92, 932, 932), (150, 140))
    others = [tank(canvas, x, y, 56, other_colour) for x, y in small]
    groups = [
        Group('tank', tanks, main_colour, 'left', 'road'),
        Group('small tank', others, other_colour, 'right', 'road'),
    ]
    if not small:
        roof, top = rng.pick(ROOFS), rng.between(92, 560)
        hall = block(canvas, 784, top, 930, top + rng.between(220, 370), roof)
        groups.append(Group('building', [hall], roof, 'right', 'road'))
    return [*groups, Group('road', [way], None, 'downward')]
