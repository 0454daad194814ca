import numpy as np
import pytest

from pir_mm.datasets.scenes import objects
from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.random_stream import RandomStream

BUILT = {
    'house': lambda c: objects.house(c, 512, 480, 200, 120, 'red', 10),
    'block': lambda c: objects.block(c, 400, 420, 640, 540, 'red'),
    'tank': lambda c: objects.tank(c, 512, 480, 100, 'red'),
    'umbrella': lambda c: objects.umbrella(c, 512, 480, 60, 'red'),
    'tent': lambda c: objects.tent(c, 512, 480, 110, 'red', 20),
    'court': lambda c: objects.court(c, 440, 400, 580, 570, 'red'),
    'container': lambda c: objects.container(c, 512, 480, 140, 66, 'red'),
}
PALE_PATCHES = {
    'pool': lambda c: objects.pool(c, 512, 480, 84, 60),
    'bunker': lambda c: objects.bunker(c, 512, 480, 80, 60),
    'clearing': lambda c: objects.clearing(c, 512, 480, 90, 70),
}


def drawn(draw, seed, ground):
    canvas = Canvas(RandomStream(seed), 64)
    canvas.tilt = 0
    canvas.pixels[:] = ground
    return np.array(draw(canvas)), canvas.pixels.astype(int)


def assert_within(box, mask):
    y, x = np.nonzero(mask)
    seen = np.array([x.min(), y.min(), x.max() + 1, y.max() + 1]) * 4
    np.testing.assert_allclose(seen, box, atol=14)


@pytest.mark.parametrize('seed', range(6))
@pytest.mark.parametrize('name', BUILT)
def test_the_box_is_that_of_the_thing_without_its_shadow(name, seed):
    box, pixels = drawn(BUILT[name], seed, 200)
    assert_within(box, pixels[..., 2] > pixels[..., 0] + 40)


@pytest.mark.parametrize('seed', range(6))
@pytest.mark.parametrize('name', PALE_PATCHES)
def test_the_box_is_that_of_the_pale_patch(name, seed):
    box, pixels = drawn(PALE_PATCHES[name], seed, 30)
    assert_within(box, pixels.max(axis=-1) > 60)


def test_a_roof_has_a_light_and_a_dark_half():
    for seed in range(12):
        _, pixels = drawn(BUILT['house'], seed, 200)
        red = pixels[pixels[..., 2] > pixels[..., 0] + 60][:, 2]
        assert np.ptp(np.percentile(red, (15, 85))) > 6


@pytest.mark.parametrize('colour', ['white', 'grey', 'red', 'blue'])
def test_roofs_have_their_colour(colour):
    box, pixels = drawn(lambda c: objects.block(c, 300, 300, 700, 700, colour), 3, 90)
    inside = pixels[80:170, 80:170].reshape(-1, 3)
    named = np.median(inside, axis=0)
    distance = {name: np.linalg.norm(named - value) for name, value in objects.COLOURS.items()}
    assert min(distance, key=distance.get) == colour
    assert (box[2:] - box[:2]).tolist() == [400, 400]


GROUND = 200
VEHICLES = {
    'plane': lambda c: objects.plane(c, 512, 480, 300, 'red', 30),
    'ship': lambda c: objects.ship(c, 512, 480, 300, 'red', 100),
    'car': lambda c: objects.car(c, 512, 480, 120, 'red', 45),
    'train': lambda c: objects.train(c, 300, 740, 480, 46, 'red'),
    'turbine': lambda c: objects.turbine(c, 512, 480, 240, 10),
}


def drawn_vehicle(name, seed):
    """Box and the pixels lighter or redder than ground and shadow, with the tilt undone."""
    canvas = Canvas(RandomStream(seed), 64)
    canvas.tilt = 0
    canvas.pixels[:] = GROUND
    box = VEHICLES[name](canvas)
    blue, _, red = canvas.pixels.astype(int).transpose(2, 0, 1)
    y, x = np.nonzero((red > blue + 40) | (red > GROUND + 9))
    return np.array(box), np.array([x.min(), y.min(), x.max() + 1, y.max() + 1]) * 4, canvas


@pytest.mark.parametrize('seed', range(6))
@pytest.mark.parametrize('name', VEHICLES)
def test_the_box_holds_the_vehicle(name, seed):
    box, seen, _ = drawn_vehicle(name, seed)
    assert (seen[:2] >= box[:2] - 8).all()
    assert (seen[2:] <= box[2:] + 8).all()
    assert (seen[2:] - seen[:2] > 0.7 * (box[2:] - box[:2])).all()


@pytest.mark.parametrize('name', VEHICLES)
def test_every_vehicle_throws_a_shadow(name):
    *_, canvas = drawn_vehicle(name, 1)
    assert (canvas.pixels.max(axis=-1) < GROUND - 20).any()


def test_the_wake_is_behind_the_boat_and_outside_its_box():
    canvas = Canvas(RandomStream(0), 64)
    canvas.tilt = canvas.quarters = 0
    canvas.mirrored = False
    canvas.pixels[:] = 100
    left, top, right, bottom = objects.boat(canvas, 512, 512, 120, 'red', 0)
    assert (right - left, bottom - top) == (45, 120)
    foam = canvas.pixels.min(axis=-1) > 104
    y, x = np.nonzero(foam)
    assert y.max() * 4 > bottom + 40
    assert 460 < x.min() * 4 < x.max() * 4 < 564
