import numpy as np
import pytest

from pir_mm.datasets.scenes import buildings
from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.dice import Dice

DRAWN = {
    'house': lambda c: buildings.house(c, 512, 480, 200, 120, 'red', 10),
    'block': lambda c: buildings.block(c, 400, 420, 640, 540, 'red'),
    'tank': lambda c: buildings.tank(c, 512, 480, 100, 'red'),
    'umbrella': lambda c: buildings.umbrella(c, 512, 480, 60, 'red'),
    'tent': lambda c: buildings.tent(c, 512, 480, 110, 'red', 20),
    'court': lambda c: buildings.court(c, 440, 400, 580, 570, 'red'),
    'container': lambda c: buildings.container(c, 512, 480, 140, 66, 'red'),
}
PALE = {
    'pool': lambda c: buildings.pool(c, 512, 480, 84, 60),
    'bunker': lambda c: buildings.bunker(c, 512, 480, 80, 60),
    'clearing': lambda c: buildings.clearing(c, 512, 480, 90, 70),
}


def drawn(draw, seed, ground):
    canvas = Canvas(Dice(seed), 64)
    canvas.tilt = 0
    canvas.pixels[:] = ground
    return np.array(draw(canvas)), canvas.pixels.astype(int)


def assert_within(box, mask):
    y, x = np.nonzero(mask)
    seen = np.array([x.min(), y.min(), x.max() + 1, y.max() + 1]) * 4
    np.testing.assert_allclose(seen, box, atol=14)


@pytest.mark.parametrize('seed', range(6))
@pytest.mark.parametrize('name', DRAWN)
def test_the_box_is_that_of_the_thing_without_its_shadow(name, seed):
    box, pixels = drawn(DRAWN[name], seed, 200)
    assert_within(box, pixels[..., 2] > pixels[..., 0] + 40)


@pytest.mark.parametrize('seed', range(6))
@pytest.mark.parametrize('name', PALE)
def test_the_box_is_that_of_the_pale_patch(name, seed):
    box, pixels = drawn(PALE[name], seed, 30)
    assert_within(box, pixels.max(axis=-1) > 60)


def test_a_roof_has_a_light_and_a_dark_half():
    for seed in range(12):
        _, pixels = drawn(DRAWN['house'], seed, 200)
        red = pixels[pixels[..., 2] > pixels[..., 0] + 60][:, 2]
        assert np.ptp(np.percentile(red, (15, 85))) > 6


@pytest.mark.parametrize('colour', ['white', 'grey', 'red', 'blue'])
def test_roofs_have_their_colour(colour):
    box, pixels = drawn(lambda c: buildings.block(c, 300, 300, 700, 700, colour), 3, 90)
    inside = pixels[80:170, 80:170].reshape(-1, 3)
    named = np.median(inside, axis=0)
    distance = {name: np.linalg.norm(named - value) for name, value in buildings.COLOURS.items()}
    assert min(distance, key=distance.get) == colour
    assert (box[2:] - box[:2]).tolist() == [400, 400]
