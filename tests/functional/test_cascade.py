"""The cascade against a full sort of everything."""

from itertools import permutations

import pytest
import torch
from torch.testing import assert_close

from pir_mm.functional.cascade import (
    CandidatePairs,
    Candidates,
    filter_both,
    merged,
    reranked,
)
from pir_mm.functional.ranks import TIES, rank_embeddings
from pir_mm.functional.recall import recall_from_ranks
from pir_mm.functional.score_tiles import PositivePairs


def case(images, texts, seed):
    """Small whole numbers, so that no product is rounded and ties abound."""
    generator = torch.Generator().manual_seed(seed)
    image, text = (
        torch.randint(-1, 2, (n, 2), generator=generator).float() for n in (images, texts)
    )
    more = torch.randint(images, (texts - images,), generator=generator)
    image_of_text = torch.cat([torch.arange(images), more])
    order = torch.randperm(texts, generator=generator)
    slow = torch.randint(0, 3, (images, texts), generator=generator).float()
    return image, text, image_of_text[order], slow


def first_positive(filter_scores, slow_scores, positive, k, ties):
    """Negatives before the first positive in every order that the two stages allow."""
    fixed = sorted(range(len(filter_scores)), key=lambda i: (-filter_scores[i], i))
    candidates, rest = fixed[:k], fixed[k:]
    keys = {i: (0, -slow_scores[i]) for i in candidates}
    keys |= {i: (1, -filter_scores[i]) for i in rest}
    if ties == 'official':
        orders = [sorted(keys, key=lambda i: (*keys[i], -i))]
    else:
        orders = [
            order
            for order in permutations(keys)
            if all(keys[a] <= keys[b] for a, b in zip(order, order[1:], strict=False))
        ]
    found = [next(r for r, i in enumerate(order) if i in positive) for order in orders]
    mean = sum(found) / len(found)
    return {'optimistic': min(found), 'pessimistic': max(found)}.get(ties, mean)


@pytest.mark.parametrize(('images', 'texts'), [(1, 1), (1, 4), (3, 3), (3, 6), (4, 5)])
@pytest.mark.parametrize('k', [1, 2, 3, 9])
def test_agrees_with_every_order_that_two_stages_allow(images, texts, k):
    for seed in range(4):
        image, text, image_of_text, slow = case(images, texts, seed)
        fast = image @ text.T
        to_text, to_image = filter_both(image, text, image_of_text, k, chunk=2)
        pairs = PositivePairs.image_to_text(image_of_text)
        sides = (
            (to_text, pairs, fast, slow),
            (to_image, pairs.reversed(), fast.T, slow.T),
        )
        for filtered, own, first, second in sides:
            rescored = second.gather(1, filtered.candidates.ids)
            ranks = reranked(filtered, rescored, own)
            for ties in TIES:
                expected = [
                    first_positive(
                        first[q].tolist(), second[q].tolist(),
                        set(own.gallery[own.query == q].tolist()), k, ties,
                    )
                    for q in range(len(first))
                ]  # fmt: skip
                assert ranks.negatives_before(ties).tolist() == pytest.approx(expected), (
                    seed,
                    ties,
                )


@pytest.mark.parametrize('chunk', [1, 4, 100])
@pytest.mark.parametrize('k', [1, 5, 40])
def test_candidates_are_the_first_of_a_stable_sort(chunk, k):
    image, text, image_of_text, _ = case(7, 23, 0)
    for filtered, scores in zip(
        filter_both(image, text, image_of_text, k, chunk),
        (image @ text.T, text @ image.T),
        strict=True,
    ):
        order = scores.argsort(dim=1, descending=True, stable=True)[:, :k]
        assert torch.equal(filtered.candidates.ids, order)
        assert_close(filtered.candidates.scores, scores.gather(1, order))


def test_the_filter_alone_ranks_as_it_always_does():
    image, text, image_of_text, _ = case(6, 15, 1)
    for filtered, ranks in zip(
        filter_both(image, text, image_of_text, 3), rank_embeddings(image, text, image_of_text),
        strict=True,
    ):  # fmt: skip
        for ties in TIES:
            assert torch.equal(filtered.ranks.negatives_before(ties), ranks.negatives_before(ties))


def test_a_scorer_that_agrees_with_the_filter_changes_nothing():
    generator = torch.Generator().manual_seed(0)
    image, text = (torch.randn(n, 8, generator=generator) for n in (9, 20))
    image_of_text = torch.arange(20) % 9
    (filtered, _) = filter_both(image, text, image_of_text, 4)
    ranks = reranked(
        filtered, filtered.candidates.scores, PositivePairs.image_to_text(image_of_text)
    )
    assert torch.equal(ranks.higher, filtered.ranks.higher)


def test_fewer_candidates_are_the_first_of_more():
    image, text, image_of_text, slow = case(5, 11, 2)
    pairs = PositivePairs.image_to_text(image_of_text)
    more, _ = filter_both(image, text, image_of_text, 8)
    less, _ = filter_both(image, text, image_of_text, 3)
    assert torch.equal(more.first(3).candidates.ids, less.candidates.ids)
    rescored = slow.gather(1, more.candidates.ids)
    for ties in TIES:
        assert torch.equal(
            reranked(more.first(3), rescored[:, :3], pairs).negatives_before(ties),
            reranked(less, rescored[:, :3], pairs).negatives_before(ties),
        )


@pytest.mark.parametrize('k', [1, 4, 100])
def test_another_comparison_takes_the_place_of_the_product(k):
    """The smaller the distance the better, which no product of these rows says."""
    generator = torch.Generator().manual_seed(3)
    image, text = (torch.randn(n, 3, generator=generator) for n in (6, 13))

    def compare(one, other):
        return -torch.cdist(one, other)

    image_of_text = torch.arange(13) % 6
    to_text, to_image = filter_both(image, text, image_of_text, k, chunk=4, compare=compare)
    for filtered, scores in ((to_text, compare(image, text)), (to_image, compare(text, image))):
        order = scores.argsort(dim=1, descending=True)[:, :k]
        assert torch.equal(filtered.candidates.ids, order)
    best = compare(image, text)[torch.arange(6), torch.arange(6)]
    assert (to_text.best >= best - 1e-6).all()


def test_a_pair_is_scored_once_whoever_asks_for_it():
    """Captions 0 and 2 have the same words; image 1 and caption 1 ask for each other."""
    of_images, of_texts = torch.tensor([[0, 2], [1, 0]]), torch.tensor([[1], [1], [1]])
    pairs = CandidatePairs.of(of_images, of_texts, torch.tensor([0, 1, 0]))
    assert list(zip(*(column.tolist() for column in pairs[:2]), strict=True)) == [
        (0, 0), (1, 0), (1, 1)
    ]  # fmt: skip
    to_text, to_image = pairs.spread(torch.tensor([5.0, 6.0, 7.0]))
    assert to_text.tolist() == [[5, 5], [7, 6]]
    assert to_image.tolist() == [[6], [7], [6]]


@pytest.mark.parametrize('k', [1, 3, 50])
def test_both_directions_read_the_same_score_of_a_pair(k):
    image, text, image_of_text, _ = case(4, 9, 4)
    slow = torch.randn(4, 9, generator=torch.Generator().manual_seed(0))
    sides = filter_both(image, text, image_of_text, k)
    pairs = CandidatePairs.of(*(side.candidates.ids for side in sides), torch.arange(9))
    assert len(pairs.image) == len({*zip(pairs.image.tolist(), pairs.text.tolist(), strict=True)})
    assert (pairs.image.diff() >= 0).all()
    rescored = pairs.spread(slow[pairs.image, pairs.text])
    for side, scores, whole in zip(sides, rescored, (slow, slow.T), strict=True):
        assert torch.equal(scores, whole.gather(1, side.candidates.ids))


def test_a_merged_list_worked_out_by_hand():
    """Of equal new scores the filter's first stays first; the tail goes on below the least."""
    candidates = Candidates(torch.tensor([[7, 2, 4, 0]]), torch.tensor([[0.9, 0.8, 0.8, 0.1]]))
    ids, scores = merged(candidates, torch.tensor([[-3.0, 5.0]]))
    assert ids.tolist() == [[2, 7, 4, 0]] and scores.tolist() == [[5, -3, -4, -5]]
    ids, scores = merged(candidates, torch.tensor([[1.0, 1.0, 1.0, 1.0]]))
    assert ids.tolist() == [[7, 2, 4, 0]] and scores.tolist() == [[1, 1, 1, 1]]


@pytest.mark.parametrize('k', [1, 3, 12])
def test_a_merged_list_has_the_gallery_once_the_candidates_first_and_then_the_filter(k):
    generator = torch.Generator().manual_seed(0)
    scores, slow = torch.randn(2, 5, 12, generator=generator)
    order = scores.argsort(dim=1, descending=True, stable=True)
    everything = Candidates(order, scores.gather(1, order))
    ids, values = merged(everything, slow.gather(1, order[:, :k]))
    assert torch.equal(ids.sort(dim=1).values, torch.arange(12).expand(5, -1))
    assert torch.equal(ids[:, :k].sort(dim=1).values, order[:, :k].sort(dim=1).values)
    assert torch.equal(ids[:, k:], order[:, k:])
    assert (values.diff(dim=1) <= 0).all()
    if k == 12:
        assert torch.equal(ids, slow.argsort(dim=1, descending=True))


def test_a_perfect_scorer_finds_what_the_filter_has_among_the_first_k():
    generator = torch.Generator().manual_seed(0)
    image, text = (torch.randn(n, 512, generator=generator) for n in (20, 60))
    owner = torch.arange(60) % 20
    pairs = PositivePairs.image_to_text(owner)
    truth = (owner.unsqueeze(0) == torch.arange(20).unsqueeze(1)).float()
    reach = []
    for k in (1, 2, 5, 20, 60):
        sides = filter_both(image, text, owner, k)
        ranks = [
            reranked(side, whole.gather(1, side.candidates.ids), own)
            for side, whole, own in zip(
                sides, (truth, truth.T), (pairs, pairs.reversed()), strict=True
            )
        ]
        found = recall_from_ranks(*ranks, topk=(1,))
        limit = recall_from_ranks(*(side.ranks for side in sides), topk=(k,))
        assert found['i2t/R@1'] == pytest.approx(limit[f'i2t/R@{k}'])
        assert found['t2i/R@1'] == pytest.approx(limit[f't2i/R@{k}'])
        reach.append(limit['mR'])
    assert reach == sorted(reach) and reach[-1] == 100


def test_says_what_is_wrong():
    image = text = torch.eye(2)
    with pytest.raises(ValueError, match='k must be at least 1, got 0'):
        filter_both(image, text, torch.arange(2), k=0)
    pairs = CandidatePairs.of(torch.zeros(2, 1).long(), torch.zeros(2, 1).long(), torch.arange(2))
    with pytest.raises(ValueError, match=r'one score for each of 3 pairs, got \(3, 1\)'):
        pairs.spread(torch.zeros(3, 1))
    with pytest.raises(ValueError, match='score that is not finite'):
        pairs.spread(torch.tensor([0.0, torch.nan, 1.0]))
