import numpy as np
import pytest

from pir_mm.datasets.scenes import terrain
from pir_mm.datasets.scenes.canvas import Canvas
from pir_mm.datasets.scenes.random_stream import RandomStream


def canvas_of(seed, size=64):
    canvas = Canvas(RandomStream(seed), size)
    canvas.tilt = canvas.quarters = 0
    canvas.mirrored = False
    return canvas


def test_ground_leaves_nothing_bare():
    for seed in range(8):
        canvas = Canvas(RandomStream(seed), 32)
        terrain.ground(canvas, 'grass', 'soil')
        assert canvas.pixels.any(axis=-1).all()
        assert canvas.pixels.std() > 3


def test_trees_stand_at_the_given_spots():
    canvas = canvas_of(0)
    canvas.pixels[:] = 180
    terrain.trees(canvas, [(300, 300), (700, 600)], 20, 30)
    changed = (canvas.pixels != 180).any(axis=-1)
    assert changed[75, 75]
    assert changed[150, 175]
    assert changed.mean() < 0.02
    terrain.trees(canvas, [], 20, 30)


@pytest.mark.parametrize('seed', range(10))
def test_scattered_trees_keep_off(seed):
    canvas = canvas_of(seed)
    canvas.pixels[:] = 180
    terrain.scatter_trees(canvas, 400, [(256, 256, 768, 640)])
    changed = (canvas.pixels != 180).any(axis=-1)
    assert changed.any()
    assert not changed[66:158, 66:190].any()


def test_woods_close_over_their_area():
    canvas = canvas_of(1)
    terrain.woods(canvas, (0, 0, 1024, 1024), 50)
    assert canvas.pixels.any(axis=-1).mean() > 0.99
    blue, green, red = canvas.pixels.reshape(-1, 3).mean(axis=0)
    assert green > max(blue, red)


def test_a_road_runs_along_its_path():
    canvas = canvas_of(2)
    box = terrain.road(canvas, [(-220, 400), (1244, 400)], 64, line=True)
    assert box == (-220, 400, 1244, 400)
    covered = canvas.pixels.any(axis=-1)
    assert covered[100].all()
    assert covered.any(axis=1).sum() == pytest.approx((64 + 18) / 4, abs=2)
    middle = canvas.pixels[100, :, 0]
    assert (middle > 180).mean() == pytest.approx(0.5, abs=0.1)
    plain = canvas_of(2)
    terrain.road(plain, [(-220, 400), (1244, 400)], 64, line=False)
    assert (plain.pixels[..., 0] > 180).sum() == 0


@pytest.mark.parametrize('colour', ['blue', 'green', 'brown'])
def test_waters_have_their_colour(colour):
    canvas = canvas_of(3)
    terrain.water(canvas, terrain.EVERYWHERE, colour)
    mean = canvas.pixels.reshape(-1, 3).mean(axis=0)
    distance = {name: np.linalg.norm(mean - value) for name, value in terrain.WATERS.items()}
    assert min(distance, key=distance.get) == colour


def test_a_pond_is_blue_within_its_shore():
    canvas = canvas_of(4)
    left, top, right, bottom = terrain.pond(canvas, 512, 512, 100, 80)
    assert 400 < left < right < 624
    assert 420 < top < bottom < 604
    blue, _, red = canvas.pixels[128, 128].astype(int)
    assert blue > red + 20
