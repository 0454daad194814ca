"""Sampler that tells the dataset the epoch through the index."""

from collections.abc import Iterator, Sized

from mmengine.dataset import DefaultSampler

from pir_mm.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class EpochSampler(DefaultSampler):
    """mmengine's default sampler, yielding ``epoch * len(dataset) + index``.

    Workers live longer than an epoch and never learn its number; here each index carries it, so
    that :class:`CaptionDataset` seeds every item by (seed, epoch, index). A resumed run goes on
    with the very items it would have had. A dataset without a seed takes the sampler's, which is
    the runner's.

    Args:
        dataset: must read such indices.
        shuffle, seed, round_up: as in ``mmengine.dataset.DefaultSampler``.

    Raises:
        ValueError: if the dataset has no ``seed``, so does not read such indices.
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
