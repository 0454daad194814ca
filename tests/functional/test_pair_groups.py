"""Pairs come in groups that share an image."""

import pytest
import torch

from pir_mm.functional.pair_groups import group_pairs


def test_worked_out_by_hand():
    image = torch.tensor([5, 2, 5, 5, 2, 5])
    place = torch.tensor([3, 1, 0, 2, 4, 1])
    groups = group_pairs(image, place, most=2)
    assert groups.image.tolist() == [5, 5, 2]
    assert groups.pair.tolist() == [[2, 5], [3, 0], [1, 4]]


def test_a_pair_is_repeated_where_an_image_has_too_few():
    image = torch.cat([torch.zeros(19), torch.ones(20)]).long()
    groups = group_pairs(image, torch.arange(39), most=4)
    assert groups.pair.shape == (10, 4)
    assert groups.pair[groups.image == 0][-1].tolist() == [16, 17, 18, 18]


@pytest.mark.parametrize('most', [1, 3, 16])
@pytest.mark.parametrize('pairs', [1, 2, 7, 100])
def test_every_pair_is_in_a_group_of_its_image(pairs, most):
    generator = torch.Generator().manual_seed(pairs)
    image = torch.randint(0, 5, (pairs,), generator=generator)
    place = torch.randint(0, 9, (pairs,), generator=generator)
    groups = group_pairs(image, place, most)
    size = groups.pair.size(1)
    assert size <= most and groups.pair.numel() <= max(pairs * 1.1, pairs)
    assert sorted(set(groups.pair.flatten().tolist())) == list(range(pairs))
    assert torch.equal(image[groups.pair], groups.image[:, None].expand(-1, size))
    placed = place[groups.pair]
    assert (placed.diff(dim=1) >= 0).all() and (placed[:, -1].diff() >= 0).all()
