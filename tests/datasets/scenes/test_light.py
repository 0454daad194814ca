import numpy as np

from pir_mm.datasets.scenes.dice import Dice
from pir_mm.datasets.scenes.light import _reduced, _softened, develop


def test_reduction_is_the_rounded_mean_of_blocks():
    sheet = np.random.default_rng(0).integers(0, 256, (12, 12, 3), np.uint8)
    blocks = sheet.reshape(3, 4, 3, 4, 3).mean(axis=(1, 3))
    assert np.array_equal(_reduced(sheet, 4), np.floor(blocks + 0.5))


def test_softening_keeps_a_flat_picture_and_spreads_a_point():
    assert np.array_equal(_softened(np.full((5, 5, 3), 77)), np.full((5, 5, 3), 77))
    point = np.zeros((5, 5, 1), int)
    point[2, 2] = 160
    assert _softened(point)[1:4, 1:4, 0].tolist() == [[10, 20, 10], [20, 40, 20], [10, 20, 10]]


def test_colours_survive_every_light():
    for seed in range(40):
        for colour in ((52, 56, 170), (178, 114, 58), (60, 180, 210), (232, 236, 238)):
            picture = develop(np.full((64, 64, 3), colour, np.uint8), Dice(seed), 4)
            assert picture.shape == (16, 16, 3)
            assert picture.dtype == np.uint8
            assert np.abs(picture.mean(axis=(0, 1)) - colour).max() < 64
            assert 1 < picture.std(axis=(0, 1)).min()


def test_the_light_differs_from_picture_to_picture():
    sheet = np.full((64, 64, 3), 128, np.uint8)
    assert len({round(develop(sheet, Dice(seed), 4).mean()) for seed in range(20)}) > 8
