from itertools import combinations

import numpy as np

from pir_mm.datasets.scenes.colours import COLOURS, shade, tint
from pir_mm.datasets.scenes.random_stream import RandomStream


def test_named_colours_stay_apart_when_tinted():
    for (_, one), (_, other) in combinations(COLOURS.items(), 2):
        assert np.linalg.norm(np.subtract(one, other)) > 50


def test_a_tint_is_near_its_colour_and_varies():
    tints = [tint(RandomStream(seed), (100, 250, 3), 11) for seed in range(30)]
    assert all(np.abs(colour - (100, 250, 3)).max() <= 14 for colour in tints)
    assert all(0 <= colour.min() and colour.max() <= 255 for colour in tints)
    assert len({tuple(colour) for colour in tints}) > 20


def test_shade_by_hand():
    assert shade(np.array([100, 200, 255]), 64).tolist() == [125, 250, 255]
    assert shade(np.array([100, 200, 255]), -128).tolist() == [50, 100, 127]
