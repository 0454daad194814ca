import random
from types import SimpleNamespace

import numpy as np
import torch

from pir_mm.engine import EpochSeedHook


def draws(seed, epoch):
    EpochSeedHook().before_train_epoch(SimpleNamespace(seed=seed, epoch=epoch))
    return random.random(), float(np.random.rand()), float(torch.rand(1))


def test_an_epoch_draws_the_same_whatever_was_drawn_before():
    first = draws(7, 3)
    torch.rand(100), np.random.rand(9), random.random()
    assert draws(7, 3) == first


def test_epochs_and_seeds_draw_differently():
    values = {draws(seed, epoch) for seed in (0, 1, 2) for epoch in (0, 1, 2)}
    assert len(values) == 9
    assert all(len({v[i] for v in values}) == 9 for i in range(3))
