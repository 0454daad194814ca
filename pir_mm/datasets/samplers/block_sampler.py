"""An order of samples that is random, yet reads what lies together."""

from collections.abc import Iterator, Sized

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from pir_mm.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class BlockSampler(Sampler[int]):
    """Shuffle blocks of neighbouring samples, and then the samples of some blocks at a time.

    In a pass over the set each sample comes once. An epoch is any number of samples: the next one
    begins where it ends, in the same pass or in a new one. Nothing is drawn twice before all others
    were seen, unlike in sampling with replacement. The order depends on seed and epoch alone, not
    on the number of processes, which take its samples in turn.

    Yields ``pass * len(dataset) + index``, see :class:`EpochSampler`.

    Args:
        dataset: one that understands such keys, such as :class:`ShardDataset`.
        samples_per_epoch: of all processes; by default the whole set. A killed run repeats at most
            one epoch.
        block: neighbouring samples that are read one after another.
        window: blocks whose samples are shuffled together.
        seed: by default one that all processes share.

    Raises:
        ValueError: if a number is below 1, or the dataset does not understand such keys.
    """

    def __init__(
        self,
        dataset: Sized,
        samples_per_epoch: int | None = None,
        block: int = 64,
        window: int = 64,
        seed: int | None = None,
    ) -> None:
        self.rank, self.world_size = get_dist_info()
        total = len(dataset) if samples_per_epoch is None else samples_per_epoch
        for name, value in (('samples_per_epoch', total), ('block', block), ('window', window)):
            if value < 1:
                raise ValueError(f'{name} must be at least 1, got {value}')
        if not hasattr(dataset, 'item_seed'):
            raise ValueError(
                'BlockSampler needs a dataset that reads the pass off its index, such as '
                f'pir_mm.ShardDataset, not {type(dataset).__name__}'
            )
        self.dataset = dataset
        self.block = block
        self.window = window
        self.seed = sync_random_seed() if seed is None else seed
        self.epoch = 0
        self.per_process = total // self.world_size
        if self.per_process < 1:
            raise ValueError(f'{total} samples an epoch give none to {self.world_size} processes')
        own = getattr(dataset, 'own_item_seed', None)
        dataset.item_seed = self.seed if own is None else own

    def __len__(self) -> int:
        return self.per_process

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        size = len(self.dataset)
        taken = self.per_process * self.world_size
        position, end = self.epoch * taken, (self.epoch + 1) * taken
        while position < end:
            number, start = divmod(position, size)
            for index in self._pass(number, start):
                if position == end:
                    return
                if position % self.world_size == self.rank:
                    yield number * size + index
                position += 1

    def _pass(self, number: int, start: int) -> Iterator[int]:
        """The samples of a pass from place ``start`` on."""
        size = len(self.dataset)
        blocks = -(-size // self.block)
        order = np.random.default_rng((self.seed, number)).permutation(blocks)
        lengths = np.minimum(self.block, size - order * self.block)
        ends = np.cumsum(lengths)
        for first in range(0, blocks, self.window):
            chosen = order[first : first + self.window]
            begin = int(ends[first - 1]) if first else 0
            end = int(ends[min(first + self.window, blocks) - 1])
            if end <= start:
                continue
            samples = np.concatenate(
                [np.arange(b * self.block, min(size, (b + 1) * self.block)) for b in chosen]
            )
            np.random.default_rng((self.seed, number, first)).shuffle(samples)
            yield from samples[max(0, start - begin) :].tolist()
