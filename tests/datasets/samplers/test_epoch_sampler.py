"""Sampler that carries the epoch in the index."""

import pytest
from mmengine.dataset import DefaultSampler

from pir_mm.registry import DATA_SAMPLERS


class Items:
    def __init__(self, count, seed=None):
        self.count, self.seed = count, seed

    def __len__(self):
        return self.count


def build(dataset, **options):
    return DATA_SAMPLERS.build(dict(type='pir_mm.EpochSampler', dataset=dataset, **options))


@pytest.mark.parametrize('epoch', [0, 3])
@pytest.mark.parametrize('count', [1, 7])
@pytest.mark.parametrize('shuffle', [False, True])
def test_is_the_default_order_moved_by_the_epoch(epoch, count, shuffle):
    options = dict(shuffle=shuffle, seed=4)
    ours, theirs = build(Items(count), **options), DefaultSampler(Items(count), **options)
    ours.set_epoch(epoch)
    theirs.set_epoch(epoch)
    assert list(ours) == [epoch * count + index for index in theirs]
    assert len(ours) == count


def test_hands_its_seed_to_a_dataset_without_one():
    items = Items(3)
    build(items, seed=11)
    assert items.seed == 11
    items = Items(3, seed=2)
    build(items, seed=11)
    assert items.seed == 2


def test_refuses_a_dataset_that_cannot_read_the_epoch():
    with pytest.raises(ValueError, match='not list; use DefaultSampler'):
        build([1, 2, 3], seed=0)
