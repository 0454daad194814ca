"""Ranks by counting against ranks by sorting; ties are in test_recall, too."""

from itertools import permutations

import pytest
import torch

from pir_mm.functional.ranks import (
    TIES,
    QueryRanks,
    RankCounter,
    rank_embeddings,
    rank_matrix,
    rank_queries,
)
from pir_mm.functional.score_tiles import PositivePairs

# One query: two above, three tied negatives, two tied positives, one negative behind them.
ONE = QueryRanks(*torch.tensor([[2], [3], [2], [1]]))


def test_a_value_worked_out_by_hand():
    assert [ONE.negatives_before(ties).item() for ties in TIES] == [3, 2, 5, 3]
    # Of the five tied, the third place goes to a positive in two cases of five.
    assert [ONE.hits_at(3, ties).item() for ties in TIES] == [pytest.approx(0.4), 1, 0, 0]


@pytest.mark.parametrize('tied', [0, 1, 3])
@pytest.mark.parametrize('positives', [1, 2, 4])
def test_agrees_with_every_order_of_equals(tied, positives):
    ranks = QueryRanks(*torch.tensor([[1], [tied], [positives], [0]]))
    orders = set(permutations([False] * tied + [True] * positives))
    first = torch.tensor([1.0 + order.index(True) for order in orders])
    assert ranks.negatives_before('expected').item() == pytest.approx(first.mean().item())
    for k in range(1, tied + positives + 3):
        share = (first < k).double().mean().item()
        assert ranks.hits_at(k, 'expected').item() == pytest.approx(share)


def test_without_ties_all_rules_agree():
    ranks = QueryRanks(torch.arange(5), *torch.tensor([[0] * 5, [1] * 5, [0] * 5]))
    for ties in TIES:
        assert ranks.hits_at(3, ties).tolist() == [1, 1, 1, 0, 0]
        assert ranks.negatives_before(ties).tolist() == [0, 1, 2, 3, 4]


def test_some_queries():
    ranks = QueryRanks(*torch.arange(12).view(4, 3))
    some = ranks[torch.tensor([False, True, False])]
    assert [some.higher, some.tied, some.positives, some.tied_behind] == [1, 4, 7, 10]


def test_exact_in_large_numbers():
    many = QueryRanks(*torch.tensor([[0], [10**6 - 1], [1], [0]]))
    assert many.hits_at(10, 'expected').item() == pytest.approx(1e-5, rel=1e-9)


def test_says_what_rules_there_are():
    with pytest.raises(ValueError, match="ties='best' is not one of expected, optimistic"):
        ONE.hits_at(1, 'best')


SCORES = torch.tensor([[0.5, 0.9, 0.5, 0.1, 0.5], [0.3, 0.2, 0.1, 0.0, 0.3]])
# The positives of query 0 are the gallery items 0 and 2, that of query 1 is item 4.
PAIRS = PositivePairs(torch.tensor([0, 0, 1]), torch.tensor([0, 2, 4]))


@pytest.mark.parametrize('width', [1, 2, 5])
def test_counts_from_tiles_of_any_width(width):
    counter = RankCounter(SCORES[tuple(PAIRS)], PAIRS, queries=2)
    for gallery in torch.arange(5).split(width):
        for query in torch.tensor([[1], [0]]):
            counter.add(SCORES[query][:, gallery], query, gallery)
    ranks = counter.ranks()
    assert ranks.higher.tolist() == [1, 0]
    assert ranks.tied.tolist() == [1, 1]
    assert ranks.positives.tolist() == [2, 1]
    assert ranks.tied_behind.tolist() == [1, 0]


def test_a_query_without_a_positive_has_no_rank():
    with pytest.raises(ValueError, match='1 of 3 queries have no positive, first query 2'):
        RankCounter(SCORES[tuple(PAIRS)], PAIRS, queries=3)


def by_sorting(similarity, image_of_text):
    """Rank of the first own text of each image, and of the image of each text."""
    order_of_texts = similarity.argsort(dim=1, descending=True)
    own = image_of_text[order_of_texts] == torch.arange(len(similarity)).unsqueeze(1)
    order_of_images = similarity.argsort(dim=0, descending=True)
    return own.int().argmax(1).tolist(), (order_of_images == image_of_text).int().argmax(0).tolist()


@pytest.mark.parametrize('images, texts', [(1, 1), (1, 4), (6, 6), (7, 30)])
def test_counting_is_sorting(images, texts):
    generator = torch.Generator().manual_seed(0)
    image, text = (torch.randn(n, 8, generator=generator) for n in (images, texts))
    image_of_text = torch.cat([torch.arange(images), torch.randint(images, (texts - images,))])
    expected = by_sorting(image @ text.T, image_of_text)
    pairs = PositivePairs.image_to_text(image_of_text)
    alone = rank_queries(image, text, pairs), rank_queries(text, image, pairs.reversed(), chunk=2)
    for both in (
        rank_matrix(image @ text.T, image_of_text),
        rank_embeddings(image, text, image_of_text),
        rank_embeddings(image, text, image_of_text, chunk=3),
        alone,
    ):
        assert tuple(ranks.higher.tolist() for ranks in both) == expected
        assert not any(ranks.tied.any() for ranks in both)
