"""Sampler that carries the epoch in the index."""

import random

import numpy as np
import pytest
import torch
from mmengine.dataset import DefaultSampler

from pir_mm.datasets.samplers.epoch_sampler import item_seeding
from pir_mm.registry import DATA_SAMPLERS


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


class Items:
    def __init__(self, count, seed=None):
        self.count, self.own_item_seed, self.item_seed = count, seed, None

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
    assert items.item_seed == 11
    items = Items(3, seed=2)
    build(items, seed=11)
    assert items.item_seed == 2


def test_refuses_a_dataset_that_cannot_read_the_epoch():
    with pytest.raises(ValueError, match='not list; use DefaultSampler'):
        build([1, 2, 3], seed=0)
