"""Two views of one picture."""

import random

import numpy as np
import pytest
import torch
from mmengine.registry import TRANSFORMS

from pir_mm.datasets.collating import collate_pairs

AUGMENT = dict(
    type='mmpretrain.RandAugment',
    num_policies=2,
    magnitude_level=7,
    policies=[dict(type='mmpretrain.Brightness', magnitude=0.36, random_negative_prob=0.0)],
)


def build(*transforms):
    return TRANSFORMS.build(dict(type='pir_mm.TwoViews', transforms=list(transforms)))


def picture():
    return np.arange(48, dtype=np.uint8).reshape(4, 4, 3)


class Counted:
    """Adds one more each time, in place."""

    def __init__(self):
        self.calls = 0

    def __call__(self, results):
        self.calls += 1
        results['img'] += self.calls
        results['note'] = self.calls
        return results


def test_each_view_starts_from_the_picture_and_the_first_gives_the_rest():
    item = {'img': picture(), 'img_path': 'a'}
    result = build(Counted())(item)
    first, second = result.pop('img')
    assert (first == picture() + 1).all() and (second == picture() + 2).all()
    assert result == {'img_path': 'a', 'note': 1}
    assert (item['img'] == picture()).all() and 'note' not in item


def test_views_are_drawn_apart():
    views = build(dict(type='pir_mm.RandomTurn', turns=8))
    random.seed(0)
    pairs = [views({'img': picture()})['img'] for _ in range(200)]
    seen = {(first.tobytes(), second.tobytes()) for first, second in pairs}
    assert len(seen) > 55  # of 64


def test_augmented_views_are_packed_and_told_apart():
    pack = TRANSFORMS.build(dict(type='mmpretrain.PackInputs', meta_keys=['image_id']))
    np.random.seed(0), random.seed(0)
    samples = [pack(build(AUGMENT)({'img': picture(), 'image_id': number})) for number in range(40)]

    def tokenizer(texts):
        return torch.zeros(0, 0).long(), torch.zeros(0, 0).bool()

    batch = collate_pairs(samples, tokenizer)
    assert batch.images.shape == batch.second_images.shape == (40, 3, 4, 4)
    assert batch.images.dtype == batch.second_images.dtype == torch.uint8
    kinds = {tuple(view.flatten().tolist()) for view in (*batch.images, *batch.second_images)}
    assert len(kinds) == 3  # brighter not at all, once or twice
    assert not torch.equal(batch.images, batch.second_images)


def test_views_of_two_sizes_are_refused():
    sample = {'inputs': [torch.zeros(3, 4, 4), torch.zeros(3, 4, 4)]}
    other = {'inputs': [torch.zeros(3, 4, 4), torch.zeros(3, 5, 4)]}
    from mmpretrain.structures import DataSample

    for number, one in enumerate((sample, other)):
        one['data_samples'] = DataSample(metainfo={'image_id': number})
    with pytest.raises(ValueError, match='the images of a batch must have one size'):
        collate_pairs([sample, other], lambda texts: (torch.zeros(0, 0), torch.zeros(0, 0)))


def test_shows_what_it_applies():
    assert repr(build(dict(type='pir_mm.RandomTurn', turns=2))) == 'TwoViews([RandomTurn(turns=2)])'
