import numpy as np
import pytest

from pir_mm.datasets.scenes import vehicles
from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.dice import Dice

GROUND = 200
DRAWN = {
    'plane': lambda c: vehicles.plane(c, 512, 480, 300, 'red', 30),
    'ship': lambda c: vehicles.ship(c, 512, 480, 300, 'red', 100),
    'car': lambda c: vehicles.car(c, 512, 480, 120, 'red', 45),
    'train': lambda c: vehicles.train(c, 300, 740, 480, 46, 'red'),
    'turbine': lambda c: vehicles.turbine(c, 512, 480, 240, 10),
}


def drawn(name, seed):
    """Box and the pixels lighter or redder than ground and shadow, with the tilt undone."""
    canvas = Canvas(Dice(seed), 64)
    canvas.tilt = 0
    canvas.pixels[:] = GROUND
    box = DRAWN[name](canvas)
    blue, _, red = canvas.pixels.astype(int).transpose(2, 0, 1)
    y, x = np.nonzero((red > blue + 40) | (red > GROUND + 9))
    return np.array(box), np.array([x.min(), y.min(), x.max() + 1, y.max() + 1]) * 4, canvas


@pytest.mark.parametrize('seed', range(6))
@pytest.mark.parametrize('name', DRAWN)
def test_the_box_holds_what_is_drawn(name, seed):
    box, seen, _ = drawn(name, seed)
    assert (seen[:2] >= box[:2] - 8).all()
    assert (seen[2:] <= box[2:] + 8).all()
    assert (seen[2:] - seen[:2] > 0.7 * (box[2:] - box[:2])).all()


@pytest.mark.parametrize('name', DRAWN)
def test_everything_throws_a_shadow(name):
    *_, canvas = drawn(name, 1)
    assert (canvas.pixels.max(axis=-1) < GROUND - 20).any()


def test_the_wake_is_behind_the_boat_and_outside_its_box():
    canvas = Canvas(Dice(0), 64)
    canvas.tilt = canvas.quarters = 0
    canvas.mirrored = False
    canvas.pixels[:] = 100
    left, top, right, bottom = vehicles.boat(canvas, 512, 512, 120, 'red', 0)
    assert (right - left, bottom - top) == (45, 120)
    foam = canvas.pixels.min(axis=-1) > 104
    y, x = np.nonzero(foam)
    assert y.max() * 4 > bottom + 40
    assert 460 < x.min() * 4 < x.max() * 4 < 564
