"""Random numbers of one item that depend on nothing but its seed, epoch and index."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def item_seeding(seed: int, epoch: int, index: int) -> Iterator[None]:
    """Seed the global generators of Python, NumPy and torch (CPU) for one item, then restore them.

    Transforms of any library draw from these three, so an item is the same with any number of
    workers and processes and after a resume.
    """
    before = random.getstate(), np.random.get_state(), torch.default_generator.get_state()
    words = np.random.SeedSequence((seed, epoch, index)).generate_state(6)
    random.seed(int(words[0]))
    torch.default_generator.manual_seed(int(words[1]))
    np.random.seed(words[2:])
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        torch.default_generator.set_state(before[2])
