"""Exact search: the ranking a sort of all scores would give, never all scores at once."""

import numpy as np
import pytest

from pir_mm.search import ExactStore


def unit(rows, width, seed):
    vectors = np.random.default_rng(seed).normal(size=(rows, width)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def by_sorting(vectors, query, top_k):
    """All scores of one query in a Python list, sorted by score and then by id."""
    scores = [float(np.dot(vector, query)) for vector in vectors]
    return sorted(range(len(scores)), key=lambda i: (-scores[i], i))[:top_k]


def test_ranks_a_gallery_worked_out_by_hand():
    vectors = np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)
    ranking = ExactStore(vectors).search(np.array([[0.0, 1.0]], dtype=np.float32), top_k=2)
    assert ranking.ids.tolist() == [[1, 2]]
    np.testing.assert_allclose(ranking.scores, [[1.0, 0.8]], rtol=1e-6)


@pytest.mark.parametrize('queries', [1, 3])
@pytest.mark.parametrize('top_k', [1, 4, 23])
@pytest.mark.parametrize('block_scores', [1, 7, 1 << 20])
def test_agrees_with_a_sort_of_all_scores(queries, top_k, block_scores):
    vectors, asked = unit(23, 5, seed=0), unit(queries, 5, seed=1)
    ranking = ExactStore(vectors, block_scores).search(asked, top_k)
    assert ranking.ids.tolist() == [by_sorting(vectors, query, top_k) for query in asked]


@pytest.mark.parametrize('block_scores', [3, 1 << 20])
def test_equal_scores_come_in_the_order_of_their_ids(block_scores):
    vectors = np.array([[0, 1], [1, 0], [1, 0], [0, 1], [1, 0], [1, 0]], dtype=np.float32)
    ranking = ExactStore(vectors, block_scores).search(vectors[1:2], top_k=3)
    assert ranking.ids.tolist() == [[1, 2, 4]]


def test_more_than_there_are_gives_all_of_them():
    vectors = unit(4, 3, seed=0)
    ranking = ExactStore(vectors).search(vectors[2:3], top_k=100)
    assert sorted(ranking.ids[0].tolist()) == [0, 1, 2, 3]
    assert ranking.ids[0, 0] == 2


def test_reads_a_memory_map_as_it_reads_an_array(tmp_path):
    vectors, asked = unit(50, 8, seed=2), unit(2, 8, seed=3)
    np.save(tmp_path / 'vectors.npy', vectors)
    mapped = np.load(tmp_path / 'vectors.npy', mmap_mode='r', allow_pickle=False)
    np.testing.assert_array_equal(
        ExactStore(mapped, 40).search(asked, 5).ids, ExactStore(vectors).search(asked, 5).ids
    )


def test_says_what_is_wrong_with_a_query():
    store = ExactStore(unit(4, 3, seed=0))
    with pytest.raises(ValueError, match='top_k must be at least 1, got 0'):
        store.search(unit(1, 3, seed=1), top_k=0)
    with pytest.raises(ValueError, match=r'queries must be \(Q, 3\).* got \(1, 2\)'):
        store.search(unit(1, 2, seed=1), top_k=1)
    with pytest.raises(ValueError, match='not finite'):
        store.search(np.full((1, 3), np.nan, dtype=np.float32), top_k=1)


def test_says_what_is_wrong_with_the_vectors():
    with pytest.raises(ValueError, match='float64 of shape'):
        ExactStore(np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r'at least one row, got float32 of shape \(0, 3\)'):
        ExactStore(np.zeros((0, 3), dtype=np.float32))
