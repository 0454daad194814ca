"""Exact search: the ranking a sort of all scores would give, never all scores at once."""

import numpy as np
import pytest

from pir_mm.search import ExactStore


def unit(rows, width, seed):
    vectors = np.random.default_rng(seed).normal(size=(rows, width)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def store_of(vectors, *starts, block_scores=1 << 20):
    """The vectors in segments that begin at ``starts``, under the ids 0, 1, 2..."""
    store = ExactStore(vectors.shape[1], block_scores)
    edges = [0, *starts, len(vectors)]
    for first, last in zip(edges, edges[1:], strict=False):
        store.add(np.arange(first, last), vectors[first:last])
    return store


def by_sorting(vectors, query, top_k, ids=None):
    """All scores of one query in a Python list, sorted by score and then by id."""
    scores = [float(np.dot(vector, query)) for vector in vectors]
    ids = range(len(scores)) if ids is None else ids
    return sorted(ids, key=lambda i: (-scores[i], i))[:top_k]


def test_ranks_a_gallery_worked_out_by_hand():
    vectors = np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)
    ranking = store_of(vectors).search(np.array([[0.0, 1.0]], dtype=np.float32), top_k=2)
    assert ranking.ids.tolist() == [[1, 2]]
    np.testing.assert_allclose(ranking.scores, [[1.0, 0.8]], rtol=1e-6)


@pytest.mark.parametrize('starts', [(), (1,), (9, 20)])
@pytest.mark.parametrize('queries', [1, 3])
@pytest.mark.parametrize('top_k', [1, 4, 23])
@pytest.mark.parametrize('block_scores', [1, 7, 1 << 20])
def test_agrees_with_a_sort_of_all_scores(starts, queries, top_k, block_scores):
    vectors, asked = unit(23, 5, seed=0), unit(queries, 5, seed=1)
    ranking = store_of(vectors, *starts, block_scores=block_scores).search(asked, top_k)
    assert ranking.ids.tolist() == [by_sorting(vectors, query, top_k) for query in asked]


@pytest.mark.parametrize('gone', [[0], [3, 8, 9, 22], list(range(2, 20)), list(range(9, 20))])
@pytest.mark.parametrize('block_scores', [5, 1 << 20])
def test_what_is_removed_is_not_found(gone, block_scores):
    vectors, asked = unit(23, 5, seed=0), unit(2, 5, seed=1)
    store = store_of(vectors, 9, 20, block_scores=block_scores)
    store.remove(np.array([*gone, 999]))
    left = [i for i in range(23) if i not in gone]
    assert store.ids.tolist() == left and len(store) == len(left)
    ranking = store.search(asked, 23)
    assert ranking.ids.tolist() == [by_sorting(vectors, query, 23, left) for query in asked]


@pytest.mark.parametrize('where', [[], [4], [0, 5, 9, 21], list(range(0, 23, 2)), [500]])
def test_a_search_among_some(where):
    vectors, asked = unit(23, 5, seed=0), unit(2, 5, seed=1)
    store = store_of(vectors, 9, 20, block_scores=7)
    store.remove(np.array([5]))
    among = [i for i in where if i != 5 and i < 23]
    ranking = store.search(asked, 4, np.array(where, np.int64))
    assert ranking.ids.tolist() == [by_sorting(vectors, query, 4, among) for query in asked]


@pytest.mark.parametrize('starts', [(), (2,)])
@pytest.mark.parametrize('block_scores', [3, 1 << 20])
def test_equal_scores_come_in_the_order_of_their_ids(starts, block_scores):
    vectors = np.array([[0, 1], [1, 0], [1, 0], [0, 1], [1, 0], [1, 0]], dtype=np.float32)
    store = store_of(vectors, *starts, block_scores=block_scores)
    assert store.search(vectors[1:2], top_k=3).ids.tolist() == [[1, 2, 4]]


def test_more_than_there_are_gives_all_of_them():
    vectors = unit(4, 3, seed=0)
    ranking = store_of(vectors).search(vectors[2:3], top_k=100)
    assert sorted(ranking.ids[0].tolist()) == [0, 1, 2, 3]
    assert ranking.ids[0, 0] == 2


def test_reads_a_memory_map_as_it_reads_an_array(tmp_path):
    vectors, asked = unit(50, 8, seed=2), unit(2, 8, seed=3)
    np.save(tmp_path / 'vectors.npy', vectors)
    mapped = np.load(tmp_path / 'vectors.npy', mmap_mode='r', allow_pickle=False)
    np.testing.assert_array_equal(
        store_of(mapped, block_scores=40).search(asked, 5).ids,
        store_of(vectors).search(asked, 5).ids,
    )


def test_vectors_are_given_back_by_id():
    vectors = unit(9, 3, seed=0)
    store = store_of(vectors, 4)
    np.testing.assert_array_equal(store.vectors(np.array([8, 0, 4, 8])), vectors[[8, 0, 4, 8]])
    store.remove(np.array([4]))
    for absent in (4, 9, -1):
        with pytest.raises(ValueError, match=f'no vector of tile {absent}'):
            store.vectors(np.array([0, absent]))


def test_says_what_is_wrong_with_a_query():
    store = store_of(unit(4, 3, seed=0))
    with pytest.raises(ValueError, match='top_k must be at least 1, got 0'):
        store.search(unit(1, 3, seed=1), top_k=0)
    with pytest.raises(ValueError, match=r'queries must be \(Q, 3\).* got \(1, 2\)'):
        store.search(unit(1, 2, seed=1), top_k=1)
    with pytest.raises(ValueError, match='not finite'):
        store.search(np.full((1, 3), np.nan, dtype=np.float32), top_k=1)


def test_says_what_is_wrong_with_the_vectors():
    with pytest.raises(ValueError, match=r'of shape \(2, 3\), got float64 of shape \(2, 3\)'):
        ExactStore(3).add(np.arange(2), np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r'of shape \(2, 4\), got float32 of shape \(2, 3\)'):
        ExactStore(4).add(np.arange(2), np.zeros((2, 3), dtype=np.float32))
    with pytest.raises(ValueError, match='ids of vectors must increase'):
        ExactStore(3).add(np.array([1, 1]), np.zeros((2, 3), dtype=np.float32))
