"""Items that depend on seed, epoch and index alone, and the sampler that tells the epoch."""

import random
from collections.abc import Iterator, Sized
from contextlib import AbstractContextManager, contextmanager, nullcontext

import numpy as np
import torch
from mmengine.dataset import DefaultSampler
from torch.utils.data import get_worker_info

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


class EpochItems:
    """The part of a dataset that reads the epoch off an index and seeds what is random in an item.

    Under an :class:`EpochSampler` the key of an item is ``epoch * len(self) + index``, and the item
    is seeded by (``item_seed``, epoch, index). Under another sampler an item is drawn anew each
    time. In test mode it is always the same.

    A class that inherits this before ``BaseDataset`` needs nothing else.
    """

    item_seed: int | None = None
    """Written by the sampler."""
    own_item_seed: int | None = None
    """The seed that the dataset asks for in place of the sampler's."""
    _drawn = 0

    def __iter__(self) -> Iterator[dict]:
        # Without this a loop would never end: every index is that of some epoch.
        return (self[index] for index in range(len(self)))

    def prepare_data(self, idx: int) -> dict:
        """The item of key ``idx`` after the pipeline.

        Raises:
            ValueError: if a transform gives nothing.
        """
        epoch, index = divmod(idx, len(self)) if idx >= 0 else (0, idx + len(self))
        item = self.get_data_info(index)
        with self._seeding(epoch, index):
            packed = self.pack(self.draw(item))
        if packed is None:
            raise ValueError(f'a transform of the pipeline returned None for {item["img_path"]}')
        return packed

    def draw(self, item: dict) -> dict:
        """What is random in an item before the pipeline; nothing by default."""
        return item

    def pack(self, item: dict) -> dict | None:
        """The sample of an item that was drawn; by default what the pipeline makes of it."""
        return self.pipeline(item)

    def _seeding(self, epoch: int, index: int) -> AbstractContextManager:
        worker = get_worker_info()
        if self.test_mode:
            return item_seeding(0, 0, index)
        if self.item_seed is not None:
            return item_seeding(self.item_seed, epoch, index)
        if worker is None:
            return nullcontext()
        # mmengine seeds the generators of a worker alike each time that it starts one
        self._drawn += 1
        return item_seeding(worker.seed, self._drawn, index)


@DATA_SAMPLERS.register_module()
class EpochSampler(DefaultSampler):
    """mmengine's default sampler, yielding ``epoch * len(dataset) + index``.

    Workers live longer than an epoch and do not learn its number. Here each index carries it, so
    that the dataset seeds every item by (seed, epoch, index). A resumed run gets the same items as
    an unbroken one. The sampler writes its seed, which is that of the runner, into ``item_seed`` of
    the dataset, unless the dataset asks for another one.

    Args:
        dataset: one that understands such indices, and says so by an attribute ``item_seed``:
            :class:`CaptionDataset`, :class:`CaptionMixture`, :class:`SceneFolder`.
        shuffle, seed, round_up: as in ``mmengine.dataset.DefaultSampler``.

    Raises:
        ValueError: if the dataset does not understand such indices.
    """

    def __init__(
        self,
        dataset: Sized,
        shuffle: bool = True,
        seed: int | None = None,
        round_up: bool = True,
    ) -> None:
        super().__init__(dataset, shuffle, seed, round_up)
        if not hasattr(dataset, 'item_seed'):
            raise ValueError(
                f'EpochSampler needs a dataset that reads the epoch off its index, such as '
                f'pir_mm.CaptionDataset or pir_mm.CaptionMixture, not {type(dataset).__name__}; '
                'use DefaultSampler there'
            )
        own = getattr(dataset, 'own_item_seed', None)
        dataset.item_seed = self.seed if own is None else own

    def __iter__(self) -> Iterator[int]:
        start = self.epoch * len(self.dataset)
        yield from (start + index for index in super().__iter__())
