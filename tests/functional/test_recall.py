"""Recall against the enumeration of all orders, its ceiling against that of all rankings."""

from itertools import permutations, product

import numpy as np
import pytest
import torch

from pir_mm.functional.recall import (
    chance_recall,
    checked_embeddings,
    checked_image_of_text,
    median_rank,
    ranks_from_embeddings,
    recall_ceiling,
    recall_from_embeddings,
    recall_from_ranks,
    retrieval_recall,
)


def test_inputs_of_any_kind_become_tensors_that_can_be_computed_with():
    frozen = np.ones((2, 3), dtype=np.float16)
    frozen.setflags(write=False)
    assert checked_embeddings(frozen, 'image').dtype == torch.float32
    assert checked_embeddings(np.ones((2, 3)), 'image').dtype == torch.float64
    assert not checked_embeddings(torch.ones(1, 1, requires_grad=True), 'text').requires_grad
    assert checked_image_of_text(np.array([1, 0], dtype=np.int16), 2, 2).dtype == torch.int64


@pytest.mark.parametrize('bad', [np.nan, np.inf, -np.inf])
def test_refuses_what_is_not_finite(bad):
    similarity = np.zeros((3, 6))
    similarity[1, 4] = bad
    with pytest.raises(ValueError, match='not finite'):
        retrieval_recall(similarity, np.arange(6) // 2)
    with pytest.raises(ValueError, match='text embeddings have a number that is not finite'):
        recall_from_embeddings(np.ones((3, 3)), similarity.T, np.arange(6) // 2)
    with pytest.raises(ValueError, match='overflow'):
        recall_from_embeddings(np.full((1, 3), 1e30, 'f4'), np.full((1, 3), 1e30, 'f4'), [0])


@pytest.mark.parametrize(
    'image_of_text, reason',
    [
        ([0, 0, 0], '1 of 2 images have no text, first image 1'),
        ([0, 1, 2], 'names images 0 to 2, but there are 2'),
        ([0, -1, 1], 'names images -1 to 1'),
        ([0, 1], r'each of 3 texts, got torch.int64 \(2,\)'),
        ([0.0, 1.0, 1.0], 'whole number'),
    ],
)
def test_refuses_a_wrong_image_of_text(image_of_text, reason):
    with pytest.raises(ValueError, match=reason):
        retrieval_recall(np.zeros((2, 3)), np.array(image_of_text))


def test_says_which_argument_is_wrong():
    with pytest.raises(ValueError, match="ties='best' is not one of expected"):
        retrieval_recall(np.eye(2), np.arange(2), ties='best')
    for topk in ((0,), (), (1.5,)):
        with pytest.raises(ValueError, match='topk='):
            retrieval_recall(np.eye(2), np.arange(2), topk=topk)
    with pytest.raises(ValueError, match=r'got \(2,\)'):
        retrieval_recall(np.zeros(2), np.arange(2))
    with pytest.raises(ValueError, match='0 of 0 images'):
        retrieval_recall(np.zeros((0, 0)), np.zeros(0, dtype=int))
    with pytest.raises(ValueError, match='2 wide and text embeddings 3'):
        recall_from_embeddings(np.ones((2, 2)), np.ones((2, 3)), np.arange(2))
    with pytest.raises(ValueError, match='chunk must be at least 1'):
        recall_from_embeddings(np.eye(2), np.eye(2), np.arange(2), chunk=0)
    with pytest.raises(ValueError, match=r'\(count, width\)'):
        recall_from_embeddings(np.ones(2), np.eye(2), np.arange(2))


TIES = ('expected', 'optimistic', 'pessimistic', 'official')


def first_ranks(scores, positive, ties):
    """Rank of the first positive in each order of the gallery that the scores allow."""
    gallery = range(len(scores))
    if ties == 'official':
        orders = [np.argsort(scores, kind='stable')[::-1]]
    else:
        orders = [o for o in permutations(gallery) if all(np.diff([scores[i] for i in o]) <= 0)]
    ranks = [next(r for r, i in enumerate(order) if i in positive) for order in orders]
    return {'optimistic': [min(ranks)], 'pessimistic': [max(ranks)]}.get(ties, ranks)


def by_enumeration(similarity, image_of_text, topk, ties):
    images, texts = similarity.shape
    ways = {
        'i2t': [(similarity[i], set(np.flatnonzero(image_of_text == i))) for i in range(images)],
        't2i': [(similarity[:, m], {image_of_text[m]}) for m in range(texts)],
    }
    recall = {
        f'{way}/R@{k}': 100
        * np.mean([np.mean(np.array(first_ranks(*q, ties)) < k) for q in queries])
        for way, queries in ways.items()
        for k in topk
    }
    return recall | {'mR': np.mean(list(recall.values()))}


def random_case(seed, images, texts, levels):
    rng = np.random.default_rng(seed)
    image_of_text = np.concatenate([np.arange(images), rng.integers(0, images, texts - images)])
    return rng.integers(0, levels, (images, texts)) - 1.0, rng.permutation(image_of_text)


def test_a_value_worked_out_by_hand():
    similarity = np.array([[0.9, 0.1, 0.8], [0.7, 0.2, 0.3]])
    # Image 0 owns text 0 and finds it first; image 1 owns 1 and 2, and finds 2 in second place.
    # Text 0 finds image 0 first; text 1 image 1 first; text 2 image 1 second.
    recall = retrieval_recall(similarity, np.array([0, 1, 1]), topk=(1, 2))
    assert recall == pytest.approx(
        {
            'i2t/R@1': 50,
            'i2t/R@2': 100,
            't2i/R@1': 200 / 3,
            't2i/R@2': 100,
            'mR': (350 - 100 / 3) / 4,
        }
    )
    assert all(type(value) is float for value in recall.values())


@pytest.mark.parametrize('ties', TIES)
@pytest.mark.parametrize('images, texts', [(1, 1), (1, 3), (2, 2), (3, 6), (4, 5)])
@pytest.mark.parametrize('levels', [1, 2, 3, 50])
def test_agrees_with_the_enumeration_of_all_orders(ties, images, texts, levels):
    for seed in range(3):
        similarity, image_of_text = random_case(seed, images, texts, levels)
        expected = by_enumeration(similarity, image_of_text, (1, 2, 9), ties)
        assert retrieval_recall(similarity, image_of_text, (1, 2, 9), ties) == pytest.approx(
            expected
        )


def test_default_keys():
    keys = [f'{way}/R@{k}' for way in ('i2t', 't2i') for k in (1, 5, 10)] + ['mR']
    assert list(retrieval_recall(np.eye(2), np.arange(2))) == keys


@pytest.mark.parametrize('value', [0.0, -3.5])
def test_a_constant_model_scores_chance(value):
    recall = retrieval_recall(np.full((20, 100), value), np.arange(100) // 5)
    assert recall['i2t/R@1'] == pytest.approx(5)
    assert recall['t2i/R@1'] == pytest.approx(5)
    assert recall['t2i/R@10'] == pytest.approx(50)
    # Five positives among a hundred: the chance that the first ten hold none.
    miss = np.prod([(95 - i) / (100 - i) for i in range(10)])
    assert recall['i2t/R@10'] == pytest.approx(100 * (1 - miss))


def test_chance_holds_for_embeddings_that_differ_in_rounding_only():
    rng = np.random.default_rng(0)
    shape = rng.standard_normal(64)
    image, text = (
        (shape / np.linalg.norm(shape) + 1e-8 * rng.standard_normal((n, 64))).astype(np.float32)
        for n in (300, 1500)
    )
    recall = recall_from_embeddings(image, text, np.arange(1500) // 5, chunk=128)
    assert recall['i2t/R@10'] == pytest.approx(10 / 3, abs=1)
    assert recall['t2i/R@10'] == pytest.approx(10 / 3, abs=1)


@pytest.mark.parametrize('ties', TIES)
def test_does_not_depend_on_scale_or_on_the_order_of_untied_images(ties):
    rng = np.random.default_rng(1)
    similarity, image_of_text = rng.standard_normal((7, 20)), np.arange(20) % 7
    recall = retrieval_recall(similarity, image_of_text, ties=ties)
    order = rng.permutation(7)
    assert (
        retrieval_recall(similarity[order] * 3 - 9, np.argsort(order)[image_of_text], ties=ties)
        == recall
    )


def test_takes_torch_numpy_any_type_and_memory_maps(tmp_path):
    similarity, image_of_text = random_case(5, 6, 20, 4)
    recall = retrieval_recall(similarity, image_of_text)
    np.save(tmp_path / 's.npy', similarity)
    for given in (
        torch.tensor(similarity, requires_grad=True),
        torch.tensor(similarity).bfloat16(),
        similarity.astype(np.float16),
        similarity.astype(np.int32),
        np.asfortranarray(similarity),
        np.load(tmp_path / 's.npy', mmap_mode='r'),
    ):
        assert retrieval_recall(given, torch.tensor(image_of_text)) == recall
    assert retrieval_recall(similarity, image_of_text.tolist()) == recall


def test_tiles_join_without_seam(monkeypatch):
    similarity, image_of_text = random_case(6, 9, 30, 5)
    whole = [retrieval_recall(similarity, image_of_text, ties=ties) for ties in TIES]
    monkeypatch.setattr('pir_mm.functional.score_tiles.TILE', 4)
    assert [retrieval_recall(similarity, image_of_text, ties=ties) for ties in TIES] == whole


@pytest.mark.parametrize('ties', TIES)
@pytest.mark.parametrize('chunk', [1, 3, 7, 1024])
def test_embeddings_give_what_their_matrix_gives(ties, chunk):
    """Components are small whole numbers, so that no product is rounded and ties abound."""
    rng = np.random.default_rng(2)
    image, text = rng.integers(-1, 2, (12, 4)), rng.integers(-1, 2, (40, 4))
    image_of_text = rng.permutation(np.arange(40) % 12)
    expected = retrieval_recall(image @ text.T, image_of_text, ties=ties)
    image = torch.tensor(image, dtype=torch.float32)
    assert (
        recall_from_embeddings(image, text.astype('f4'), image_of_text, ties=ties, chunk=chunk)
        == expected
    )


@pytest.mark.parametrize('chunk', [5, 16, 1024])
def test_equal_embeddings_tie_exactly(chunk):
    """Copies of rows: every score of a copy has to tie with the original's."""
    generator = torch.Generator().manual_seed(3)
    image, text = (torch.randn(n, 512, generator=generator) for n in (11, 23))
    copy_of_image, copy_of_text = torch.arange(33) % 11, torch.arange(99) % 23
    image_of_text = torch.arange(99) % 33
    similarity = (image @ text.T)[copy_of_image][:, copy_of_text]
    for ties in TIES:
        recall = recall_from_embeddings(
            image[copy_of_image], text[copy_of_text], image_of_text, ties=ties, chunk=chunk
        )
        assert recall == retrieval_recall(similarity, image_of_text, ties=ties)


def test_recall_of_some_queries_and_median_rank():
    similarity, image_of_text = random_case(7, 5, 15, 3)
    image_ranks, text_ranks = ranks_from_embeddings(similarity, np.eye(15), image_of_text)
    for ties in TIES:
        ranks = [first_ranks(similarity[:, m], {image_of_text[m]}, ties) for m in range(15)]
        expected = 1 + np.median([np.mean(r) for r in ranks])
        assert median_rank(text_ranks, ties) == pytest.approx(expected)
    some = torch.tensor(image_of_text) == 2
    recall = recall_from_ranks(image_ranks[torch.tensor([2])], text_ranks[some])
    hits = [
        np.mean(np.array(first_ranks(similarity[:, m], {2}, 'expected')) < 1)
        for m in some.nonzero()[:, 0]
    ]
    assert recall['t2i/R@1'] == pytest.approx(100 * np.mean(hits))


def best_of_all_rankings(image_of_text, text, k):
    images = max(image_of_text) + 1
    hits = 0
    for words in set(text):
        mine = [o for o, t in zip(image_of_text, text, strict=True) if t == words]
        hits += max(sum(o in order[:k] for o in mine) for order in permutations(range(images)))
    return 100 * hits / len(text)


def test_by_hand():
    # "trees" belongs twice to image 0, once to 1 and 2; "a" and "b" to one each.
    image_of_text = torch.tensor([0, 0, 1, 1, 2, 2])
    text = torch.tensor([5, 5, 5, 7, 5, 9])
    ceiling = recall_ceiling(image_of_text, text, (1, 2, 3))
    assert ceiling['t2i/R@1'] == pytest.approx(100 * 4 / 6)
    assert ceiling['t2i/R@2'] == pytest.approx(100 * 5 / 6)
    assert ceiling['t2i/R@3'] == 100
    assert ceiling['i2t/R@1'] == 100
    assert ceiling['mR'] == pytest.approx((300 + 100 * (4 + 5 + 6) / 6) / 6)


@pytest.mark.parametrize(('images', 'words'), list(product((1, 2, 4), (1, 2, 3, 8))))
def test_no_ranking_does_better(images, words):
    generator = torch.Generator().manual_seed(10 * images + words)
    more = torch.randint(images, (3,), generator=generator)
    image_of_text = torch.cat([torch.arange(images), more])[
        torch.randperm(images + 3, generator=generator)
    ]
    text = torch.randint(words, (images + 3,), generator=generator)
    for k in (1, 2, 5):
        expected = best_of_all_rankings(image_of_text.tolist(), text.tolist(), k)
        assert recall_ceiling(image_of_text, text, (k,))[f't2i/R@{k}'] == pytest.approx(expected)


def test_different_words_leave_everything_to_be_reached():
    image_of_text = torch.tensor([1, 0, 1, 2])
    ceiling = recall_ceiling(image_of_text, torch.arange(4))
    assert set(ceiling.values()) == {100.0}
    perfect = np.eye(3)[:, image_of_text.numpy()]
    assert retrieval_recall(perfect, image_of_text) == ceiling


def test_refuses_lengths_that_differ():
    with pytest.raises(ValueError, match='got 2 captions and 3 text ids'):
        recall_ceiling(torch.tensor([0, 1]), torch.tensor([0, 1, 2]))


@pytest.mark.parametrize('counts', [[1], [2, 2, 2], [3, 1, 2, 5]])
def test_chance_is_the_recall_of_equal_scores(counts):
    owner = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    constant = torch.zeros(len(counts), len(owner))
    assert chance_recall(owner, len(counts)) == retrieval_recall(constant, owner)
