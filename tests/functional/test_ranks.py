"""Both ways to rank against ranks by sorting; ties are in test_recall."""

from itertools import permutations

import pytest
import torch
from torch.testing import assert_close

from pir_mm.functional.ranks import (
    TIES,
    ProductTiles,
    Standing,
    Tally,
    rank_embeddings,
    rank_matrix,
)

# One query: two above, three tied negatives, two tied positives, one negative behind them.
ONE = Standing(*torch.tensor([[2], [3], [2], [1]]))


def test_a_value_worked_out_by_hand():
    assert [ONE.ahead(ties).item() for ties in TIES] == [3, 2, 5, 3]
    # Of the five tied, the third place goes to a positive in two cases of five.
    assert [ONE.hit(3, ties).item() for ties in TIES] == [pytest.approx(0.4), 1, 0, 0]


@pytest.mark.parametrize('tied', [0, 1, 3])
@pytest.mark.parametrize('positives', [1, 2, 4])
def test_agrees_with_every_order_of_equals(tied, positives):
    standing = Standing(*torch.tensor([[1], [tied], [positives], [0]]))
    orders = set(permutations([False] * tied + [True] * positives))
    ranks = torch.tensor([1.0 + order.index(True) for order in orders])
    assert standing.ahead('expected').item() == pytest.approx(ranks.mean().item())
    for k in range(1, tied + positives + 3):
        share = (ranks < k).double().mean().item()
        assert standing.hit(k, 'expected').item() == pytest.approx(share)


def test_without_ties_all_rules_agree():
    standing = Standing(torch.arange(5), *torch.tensor([[0] * 5, [1] * 5, [0] * 5]))
    for ties in TIES:
        assert standing.hit(3, ties).tolist() == [1, 1, 1, 0, 0]
        assert standing.ahead(ties).tolist() == [0, 1, 2, 3, 4]


def test_some_queries():
    standing = Standing(*torch.arange(12).view(4, 3))
    some = standing[torch.tensor([False, True, False])]
    assert [some.above, some.tied, some.positives, some.later] == [1, 4, 7, 10]


def test_exact_in_large_numbers():
    many = Standing(*torch.tensor([[0], [10**6 - 1], [1], [0]]))
    assert many.hit(10, 'expected').item() == pytest.approx(1e-5, rel=1e-9)


def test_says_what_rules_there_are():
    with pytest.raises(ValueError, match="ties='best' is none of expected, optimistic"):
        ONE.hit(1, 'best')


SCORES = torch.tensor([[0.5, 0.9, 0.5, 0.1, 0.5], [0.3, 0.2, 0.1, 0.0, 0.3]])
# Query 0 owns entries 0 and 2, query 1 owns entry 4.
QUERY, ENTRY = torch.tensor([0, 0, 1]), torch.tensor([0, 2, 4])


@pytest.mark.parametrize('width', [1, 2, 5])
def test_counts_from_tiles_of_any_width(width):
    tally = Tally(SCORES[QUERY, ENTRY], QUERY, ENTRY, queries=2)
    for entries in torch.arange(5).split(width):
        for query in torch.tensor([[1], [0]]):
            tally.add(SCORES[query][:, entries], query, entries)
    standing = tally.standing()
    assert standing.above.tolist() == [1, 0]
    assert standing.tied.tolist() == [1, 1]
    assert standing.positives.tolist() == [2, 1]
    assert standing.later.tolist() == [1, 0]


def case(copies):
    """Eleven images and twenty-three texts, of which only every so many are distinct."""
    generator = torch.Generator().manual_seed(0)
    image, text = (torch.randn(n, 4, generator=generator) for n in (11, 23))
    image, text = image[torch.arange(11) // copies], text[torch.arange(23) // copies]
    return image, text, torch.randperm(23, generator=generator) % 11


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
    image, text, owner = case(copies)
    tiles = ProductTiles(image, text, owner, chunk)
    whole, seen = joined(tiles)
    assert_close(whole, image @ text.T)
    assert (seen == 1).all()
    # The very numbers, not close ones: ties depend on it.
    assert torch.equal(tiles.positive(), whole[owner, torch.arange(23)])


@pytest.mark.parametrize('copies', [1, 3, 23])
def test_no_tile_is_larger_than_asked(copies):
    sizes = [tile.shape for tile, *_ in ProductTiles(*case(copies), chunk=4)]
    assert max(map(max, sizes)) == 4


def test_copies_share_their_products():
    image, text, owner = case(copies=3)
    whole, _ = joined(ProductTiles(image, text, owner, chunk=4))
    assert torch.equal(whole[0], whole[1]) and torch.equal(whole[:, 3], whole[:, 5])


def test_both_zeros_are_one_number():
    image = torch.tensor([[0.0, 1.0], [-0.0, 1.0]])
    assert len(ProductTiles(image, image, torch.arange(2), chunk=1).image) == 1


def test_few_tiles_hold_the_positives_whatever_the_order_of_the_texts():
    """They are computed twice, so their number decides the cost."""
    image, text = torch.randn(64, 4), torch.randn(320, 4)
    owner = torch.randperm(320) % 64
    assert len(ProductTiles(image, text, owner, chunk=8).pairs_of_tile) == 40  # of 320


def by_sorting(similarity, owner):
    """Place of the first own text of each image, and of the image of each text."""
    order_of_texts = similarity.argsort(dim=1, descending=True)
    own = owner[order_of_texts] == torch.arange(len(similarity)).unsqueeze(1)
    order_of_images = similarity.argsort(dim=0, descending=True)
    return own.int().argmax(1).tolist(), (order_of_images == owner).int().argmax(0).tolist()


@pytest.mark.parametrize('images, texts', [(1, 1), (1, 4), (6, 6), (7, 30)])
def test_counting_is_sorting(images, texts):
    generator = torch.Generator().manual_seed(0)
    image, text = (torch.randn(n, 8, generator=generator) for n in (images, texts))
    owner = torch.cat([torch.arange(images), torch.randint(images, (texts - images,))])
    expected = by_sorting(image @ text.T, owner)
    for standings in (
        rank_matrix(image @ text.T, owner),
        rank_embeddings(image, text, owner),
        rank_embeddings(image, text, owner, chunk=3),
    ):
        assert tuple(standing.above.tolist() for standing in standings) == expected
        assert not any(standing.tied.any() for standing in standings)
