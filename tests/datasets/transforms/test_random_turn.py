"""Eight orientations of a picture."""

import random

import numpy as np
import pytest

from pir_mm.datasets.transforms.random_turn import RandomTurn, turned

IMAGE = np.arange(2 * 3 * 1, dtype=np.uint8).reshape(2, 3, 1)


@pytest.mark.parametrize(
    ('turn', 'rows'),
    [
        (0, [[0, 1, 2], [3, 4, 5]]),
        (1, [[2, 1, 0], [5, 4, 3]]),
        (2, [[3, 4, 5], [0, 1, 2]]),
        (3, [[5, 4, 3], [2, 1, 0]]),
        (4, [[0, 3], [1, 4], [2, 5]]),
        (5, [[3, 0], [4, 1], [5, 2]]),
        (6, [[2, 5], [1, 4], [0, 3]]),
        (7, [[5, 2], [4, 1], [3, 0]]),
    ],
)
def test_orientations_worked_out_by_hand(turn, rows):
    assert turned(IMAGE, turn).reshape(len(rows), -1).tolist() == rows


@pytest.mark.parametrize('turns', [1, 2, 4, 8])
def test_draws_each_of_its_orientations_and_no_other(turns):
    random.seed(0)
    step = RandomTurn(turns)
    image = np.random.default_rng(0).integers(0, 255, (4, 4, 3), np.uint8)
    seen = {step({'img': image})['img'].tobytes() for _ in range(100)}
    assert seen == {turned(image, turn).tobytes() for turn in range(turns)}
    assert len(seen) == turns


def test_takes_the_orientation_that_an_item_has():
    results = RandomTurn()({'img': IMAGE, 'turn': 4})
    assert results['img'].shape[:2] == results['img_shape'] == (3, 2)


def test_another_number_is_refused():
    with pytest.raises(ValueError, match='turns must be one of 1, 2, 4, 8, got 3'):
        RandomTurn(3)
