"""Parallel tracks with trains, roofed platforms between them, a station building."""

from pir_mm.datasets.scenes.buildings import ROOFS, block
from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.palette import GROUNDS, tint
from pir_mm.datasets.scenes.plants import clutter, ground
from pir_mm.datasets.scenes.scene import Group
from pir_mm.datasets.scenes.shapes import box
from pir_mm.datasets.scenes.vehicles import train


def railway_station(canvas: Canvas) -> list[Group]:
    """Parallel tracks with trains, roofed platforms between them, a station building."""
    dice = canvas.dice
    ground(canvas, dice.pick(('grass', 'dry grass')), 'soil')
    tracks, platforms = dice.between(2, 6), dice.between(0, 2)
    lanes = dice.shuffled(['track'] * tracks + ['platform'] * platforms)
    pitch = min(112, 650 // len(lanes))
    colour, cover = dice.sample(('white', 'red', 'blue', 'yellow', 'green'), 2)
    heights = {'track': [], 'platform': []}
    for k, lane in enumerate(lanes):
        heights[lane].append(100 + pitch * k + pitch // 2)
    rails = [_track(canvas, y) for y in heights['track']]
    roofs = []
    for y in heights['platform']:
        canvas.paint(box(512, y, 860, pitch - 14), tint(dice, GROUNDS['paving']), grain=14)
        start = dice.between(140, 300)
        roofs.append(block(canvas, start, y - 26, start + dice.between(420, 580), y + 26, cover))
    trains = []
    for y in dice.sample(heights['track'], dice.between(1, min(4, tracks))):
        length = dice.between(280, 520)
        left = dice.between(96, 928 - length)
        trains.append(train(canvas, left, left + length, y, 46, colour))
    roof, width = dice.pick(ROOFS), dice.between(300, 640)
    left = dice.between(96, 928 - width)
    station = block(canvas, left, 800, left + width, 926, roof)
    clutter(canvas, 60, [(left, 780, left + width, 940)], (-60, 790, 1084, 1084))
    groups = [
        Group('train', trains, colour, 'on', 'tracks'),
        Group('railway track', rails, None, 'rightward'),
        Group('station building', [station], roof, 'bottom', 'tracks'),
    ]
    return [*groups, Group('platform', roofs, cover, 'beside', 'tracks')]


def _track(canvas: Canvas, y: int):
    bed = box(512, y, 1500, 58)
    canvas.paint(bed, tint(canvas.dice, (138, 148, 156)), grain=40)
    for k in range(-9, 42):
        canvas.paint(box(k * 32, y, 12, 44), (84, 92, 102), strength=140)
    for rail in (-13, 13):
        canvas.paint(box(512, y + rail, 1500, 9), (52, 52, 56))
    return canvas.box_of(box(512, y, 1024, 58))
