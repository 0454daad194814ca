"""Tiles hold the scores of each pair once, and equal rows have equal scores."""

import pytest
import torch
from torch.testing import assert_close

from pir_mm.functional.score_tiles import PositivePairs, ProductTiles


def case(copies):
    """Eleven images and twenty-three texts, of which only every so many are distinct."""
    generator = torch.Generator().manual_seed(0)
    image, text = (torch.randn(n, 4, generator=generator) for n in (11, 23))
    image, text = image[torch.arange(11) // copies], text[torch.arange(23) // copies]
    image_of_text = torch.randperm(23, generator=generator) % 11
    return image, text, PositivePairs.image_to_text(image_of_text)


def joined(tiles, images=11, texts=23):
    """The whole matrix, and how often each pair came."""
    whole, seen = torch.zeros(images, texts), torch.zeros(images, texts)
    for tile, image, text in tiles:
        whole[image.unsqueeze(1), text] = tile
        seen[image.unsqueeze(1), text] += 1
    return whole, seen


@pytest.mark.parametrize('copies', [1, 3, 23])
@pytest.mark.parametrize('chunk', [1, 4, 100])
def test_tiles_hold_each_product_once(copies, chunk):
    image, text, pairs = case(copies)
    tiles = ProductTiles(image, text, pairs, chunk)
    whole, seen = joined(tiles)
    assert_close(whole, image @ text.T)
    assert (seen == 1).all()
    # The very numbers, not close ones: ties depend on it.
    assert torch.equal(tiles.positive_scores(), whole[tuple(pairs)])


@pytest.mark.parametrize('copies', [1, 3, 23])
def test_no_tile_is_larger_than_asked(copies):
    sizes = [tile.shape for tile, *_ in ProductTiles(*case(copies), chunk=4)]
    assert max(map(max, sizes)) == 4


def test_copies_share_their_products():
    image, text, pairs = case(copies=3)
    whole, _ = joined(ProductTiles(image, text, pairs, chunk=4))
    assert torch.equal(whole[0], whole[1]) and torch.equal(whole[:, 3], whole[:, 5])


def test_both_zeros_are_one_number():
    image = torch.tensor([[0.0, 1.0], [-0.0, 1.0]])
    pairs = PositivePairs.image_to_text(torch.arange(2))
    assert len(ProductTiles(image, image, pairs, chunk=1).query) == 1


def test_few_tiles_hold_the_positives_whatever_the_order_of_the_texts():
    """They are computed twice, so their number decides the cost."""
    image, text = torch.randn(64, 4), torch.randn(320, 4)
    pairs = PositivePairs.image_to_text(torch.randperm(320) % 64)
    assert len(ProductTiles(image, text, pairs, chunk=8).cells_of_tile) == 40  # of 320
    assert len(ProductTiles(text, image, pairs.reversed(), chunk=8).cells_of_tile) == 40
