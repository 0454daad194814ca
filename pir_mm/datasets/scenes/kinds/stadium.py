"""An oval running track about a pitch, stands around it, courts beside it."""

from pir_mm.datasets.scenes import placing
from pir_mm.datasets.scenes.buildings import block, court
from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.palette import COLOURS, GROUNDS, shade, tint
from pir_mm.datasets.scenes.plants import clutter, ground
from pir_mm.datasets.scenes.scene import Group
from pir_mm.datasets.scenes.shapes import box, disc, span

LINES = (216, 220, 218)


def stadium(canvas: Canvas) -> list[Group]:
    """An oval running track about a pitch, stands around it, courts beside it."""
    dice = canvas.dice
    ground(canvas, dice.pick(('grass', 'paving')), dice.pick(('soil', 'bush')))
    clutter(canvas, 120)
    canvas.paint(span(74, 74, 950, 726), tint(dice, GROUNDS['concrete']), grain=20)
    lane = dice.pick(('red', 'blue', 'black'))
    oval = [_oval(512, 400, 340 - inset, 226 - inset) for inset in (0, 22, 26, 48, 52, 74)]
    for k, outline in enumerate(oval[:-1]):
        canvas.paint(outline, LINES if k % 2 else tint(dice, COLOURS[lane], 4))
    lawn = dice.pick(('green', 'brown'))
    canvas.paint(oval[-1], tint(dice, COLOURS[lawn]), grain=24)
    canvas.stripes(box(512, 400, 360, 240), shade(COLOURS[lawn], 60), 30, 0, 80)
    for wide, high in ((360, 240), (76, 120)):
        side = 0 if wide == 360 else 142
        for x in {512 - side, 512 + side}:
            _frame(canvas, x, 400, wide, high)
    canvas.paint(box(512, 400, 7, 240), LINES)
    paint, seats = dice.pick(('blue', 'red', 'green')), dice.pick(('white', 'red', 'blue'))
    sites = [(200, 90, 824, 156), (200, 644, 824, 710), (90, 200, 156, 600), (868, 200, 934, 600)]
    taken = dice.sample(sites, dice.between(1, 4))
    stands = [block(canvas, *site, seats) for site in taken]
    where = (
        ('top', 'bottom', 'left', 'right')[sites.index(taken[0])] if len(taken) == 1 else 'around'
    )
    spots = placing.lined_up(dice.between(1, 5), 92, 932, 848, 176)[: dice.few(5)]
    courts = [court(canvas, x - 68, y - 82, x + 68, y + 82, paint) for x, y in spots]
    return [
        Group('stand', stands, seats, where, 'pitch'),
        Group('court', courts, paint, 'bottom', 'stadium', 'row' if len(courts) > 2 else None),
        Group('running track', [canvas.box_of(oval[0])], lane, 'around', 'pitch'),
        Group('pitch', [canvas.box_of(oval[-1])], lawn, 'middle'),
    ]


def _oval(x: int, y: int, half_width: int, half_height: int):
    """A rectangle with half discs at its ends."""
    ends = disc(0, 0, half_height, corners=48)
    shift = half_width - half_height
    ends[:, 0] += (ends[:, 0] >= 0) * 2 * shift - shift
    return ends + (x, y)


def _frame(canvas: Canvas, x: int, y: int, width: int, height: int) -> None:
    for dx, dy, wide, high in (
        (0, -height, width, 7),
        (0, height, width, 7),
        (-width, 0, 7, height),
        (width, 0, 7, height),
    ):
        canvas.paint(box(x + dx // 2, y + dy // 2, wide, high), LINES)
