"""The cascade against a full sort of everything."""

from itertools import permutations

import pytest
import torch
from torch.testing import assert_close

from pir_mm.functional.cascade import (
    Candidates,
    filter_both,
    rerank_order,
    reranked,
    rescore,
)
from pir_mm.functional.ranks import TIES, PositivePairs, rank_embeddings


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
            rescored = rescore(filtered.candidates, lambda q, g, s=second: s[q, g], chunk=3)
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


def test_a_scorer_sees_the_candidate_pairs_and_no_others():
    seen = []

    def score(query, gallery):
        seen.extend(zip(query.tolist(), gallery.tolist(), strict=True))
        return torch.zeros(len(query))

    candidates = Candidates(torch.tensor([[4, 1], [0, 2]]), torch.zeros(2, 2))
    rescore(candidates, score, chunk=3)
    assert seen == [(0, 4), (0, 1), (1, 0), (1, 2)]


def test_the_order_for_a_search_keeps_the_filters_among_equals():
    assert rerank_order(torch.tensor([[0.5, 0.9, 0.5, 0.9]])).tolist() == [[1, 3, 0, 2]]


def test_says_what_is_wrong():
    image = text = torch.eye(2)
    with pytest.raises(ValueError, match='k must be at least 1, got 0'):
        filter_both(image, text, torch.arange(2), k=0)
    candidates = Candidates(torch.zeros(2, 1).long(), torch.zeros(2, 1))
    with pytest.raises(ValueError, match=r'one score for each of 2 pairs, got \(2, 1\)'):
        rescore(candidates, lambda query, gallery: torch.zeros(len(query), 1))
    with pytest.raises(ValueError, match='score that is not finite'):
        rescore(candidates, lambda query, gallery: torch.full((len(query),), torch.nan))
