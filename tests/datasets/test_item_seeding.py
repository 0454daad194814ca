"""Random numbers of an item."""

import random

import numpy as np
import pytest
import torch

from pir_mm.datasets.item_seeding import item_seeding


def draw():
    return random.random(), np.random.rand(), torch.rand(()).item()


def drawn(*key):
    with item_seeding(*key):
        return draw()


def test_depends_on_seed_epoch_and_index_alone():
    first = drawn(1, 2, 3)
    draw()
    assert drawn(1, 2, 3) == first
    others = [drawn(0, 2, 3), drawn(1, 0, 3), drawn(1, 3, 2), drawn(1, 2, 4), first]
    for numbers in zip(*others, strict=True):
        assert len(set(numbers)) == len(others)


@pytest.mark.parametrize('fails', [False, True])
def test_leaves_the_global_generators_as_they_were(fails):
    random.seed(5), np.random.seed(5), torch.manual_seed(5)
    expected = draw()
    random.seed(5), np.random.seed(5), torch.manual_seed(5)
    try:
        with item_seeding(0, 0, 0):
            draw()
            if fails:
                raise RuntimeError
    except RuntimeError:
        pass
    assert draw() == expected
