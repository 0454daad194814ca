"""Items that depend on seed, epoch and index alone, and the sampler that tells the epoch."""

import random
from collections.abc import Iterator, Sized
from contextlib import contextmanager

import numpy as np
import torch
from mmengine.dataset import DefaultSampler

from pir_mm.registry import DATA_SAMPLERS


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


@DATA_SAMPLERS.register_module()
class EpochSampler(DefaultSampler):
    """mmengine's default sampler, yielding ``epoch * len(dataset) + index``.

    Workers live longer than an epoch and do not learn its number. Here each index carries it, so
    that :class:`CaptionDataset` seeds every item by (seed, epoch, index). A resumed run gets the
    same items as an unbroken one. A dataset without a seed takes that of the sampler, which is the
    seed of the runner.

    Args:
        dataset: must understand such indices.
        shuffle, seed, round_up: as in ``mmengine.dataset.DefaultSampler``.

    Raises:
        ValueError: if the dataset has no ``seed``, so does not understand such indices.
    """

    def __init__(
        self,
        dataset: Sized,
        shuffle: bool = True,
        seed: int | None = None,
        round_up: bool = True,
    ) -> None:
        super().__init__(dataset, shuffle, seed, round_up)
        if not hasattr(dataset, 'seed'):
            raise ValueError(
                f'EpochSampler needs a dataset that reads the epoch off its index, such as '
                f'pir_mm.CaptionDataset, not {type(dataset).__name__}; use DefaultSampler there'
            )
        if dataset.seed is None:
            dataset.seed = self.seed

    def __iter__(self) -> Iterator[int]:
        start = self.epoch * len(self.dataset)
        yield from (start + index for index in super().__iter__())
