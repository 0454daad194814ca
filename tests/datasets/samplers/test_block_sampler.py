"""Blocks in a random order, each sample once a pass, whatever an epoch is."""

import pytest

from pir_mm.datasets.samplers import BlockSampler, block_sampler


class Items:
    item_seed = own_item_seed = None

    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size


def stream(size, epochs, **settings):
    sampler = BlockSampler(Items(size), seed=1, **settings)
    keys = []
    for epoch in range(epochs):
        sampler.set_epoch(epoch)
        own = list(sampler)
        assert len(own) == len(sampler)
        keys += own
    return keys


@pytest.mark.parametrize('size', [1, 7, 10, 64])
@pytest.mark.parametrize('block', [1, 3, 100])
@pytest.mark.parametrize('window', [1, 2, 50])
def test_each_sample_comes_once_a_pass(size, block, window):
    keys = stream(size, 3, block=block, window=window)
    for number in range(3):
        own = keys[number * size : (number + 1) * size]
        assert sorted(own) == list(range(number * size, (number + 1) * size))


@pytest.mark.parametrize('samples', [1, 4, 10, 23])
def test_epochs_of_any_length_are_one_stream(samples):
    whole = stream(10, 7, block=3, window=2)
    keys = stream(10, 70 // samples, block=3, window=2, samples_per_epoch=samples)
    assert keys == whole[: len(keys)]


def test_samples_of_a_window_lie_together_and_passes_differ():
    keys = stream(100, 2, block=10, window=2)
    first, second = keys[:100], [key - 100 for key in keys[100:]]
    for start in range(0, 100, 20):
        assert len({key // 10 for key in first[start : start + 20]}) == 2
    assert first != second and first != sorted(first)
    assert first[:20] != sorted(first[:20])


@pytest.mark.parametrize('world', [2, 3])
def test_processes_take_turns_in_one_order(monkeypatch, world):
    alone = stream(20, 3, block=4, window=2, samples_per_epoch=12)
    shares = []
    for rank in range(world):
        monkeypatch.setattr(block_sampler, 'get_dist_info', lambda rank=rank: (rank, world))
        shares.append(stream(20, 3, block=4, window=2, samples_per_epoch=12))
    taken = [key for turn in zip(*shares, strict=True) for key in turn]
    assert taken == alone


def test_the_seed_decides_and_the_dataset_learns_it():
    first = BlockSampler(Items(50), seed=3)
    assert list(first) == list(BlockSampler(Items(50), seed=3))
    assert list(first) != list(BlockSampler(Items(50), seed=4))
    assert first.dataset.item_seed == 3


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(block=0), 'block must be at least 1, got 0'),
        (dict(window=0), 'window must be at least 1, got 0'),
        (dict(samples_per_epoch=0), 'samples_per_epoch must be at least 1, got 0'),
    ],
)
def test_what_cannot_be_is_told(settings, message):
    with pytest.raises(ValueError, match=message):
        BlockSampler(Items(5), **settings)


def test_a_dataset_that_reads_no_pass_and_too_many_processes_are_refused(monkeypatch):
    with pytest.raises(ValueError, match='reads the pass off its index, .* not list'):
        BlockSampler([1, 2])
    monkeypatch.setattr(block_sampler, 'get_dist_info', lambda: (0, 8))
    with pytest.raises(ValueError, match='7 samples an epoch give none to 8 processes'):
        BlockSampler(Items(7), seed=0)
