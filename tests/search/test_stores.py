"""Every store gives what comparing all vectors gives: exact, over FAISS, over Milvus."""

import numpy as np
import pytest

from pir_mm.search import ExactStore
from pir_mm.search.candidate_store import CandidateStore
from pir_mm.search.inverted_file import InvertedFile, write_inverted_file
from pir_mm.search.milvus_collection import MilvusCollection, new_collection
from tests.search.filling import unit


def exact(vectors, first, place):
    store = ExactStore(vectors.shape[1])
    store.add(np.arange(first), vectors[:first])
    return store


def over_faiss(vectors, first, place):
    """All lists are looked through, so that nothing is missed."""
    inside = exact(vectors, first, place)
    write_inverted_file(place / 'a.ivf', inside, lists=4)
    engine = InvertedFile(place / 'a.ivf', vectors.shape[1], {100: 4})
    return CandidateStore(inside, engine, first, exact_rows=0)


def over_milvus(vectors, first, place):
    pytest.importorskip('pymilvus', reason='Milvus is not installed: pip install "pir_mm[milvus]"')
    pytest.importorskip('milvus_lite', reason='milvus-lite is not installed')
    inside = exact(vectors, first, place)
    options = dict(make=True, is_named=True)
    engine = MilvusCollection(
        str(place / 'a.db'), new_collection(), vectors.shape[1], {100: 50}, **options
    )
    engine.put(inside)
    return CandidateStore(inside, engine, first, exact_rows=0)


@pytest.fixture(params=[exact, over_faiss, over_milvus], ids=lambda make: make.__name__)
def filled(request, tmp_path):
    """A store of vectors: the first of them known to the engine, the others added later."""

    def fill(vectors, first=None):
        first = len(vectors) if first is None else first
        store = request.param(vectors, first, tmp_path)
        if first < len(vectors):
            store.add(np.arange(first, len(vectors)), vectors[first:])
        return store

    return fill


def by_sorting(vectors, query, top_k, ids=None):
    """All scores of one query in a list, sorted by score and then by id."""
    scores = [float(np.dot(vector, query)) for vector in vectors]
    ids = range(len(scores)) if ids is None else ids
    return sorted(ids, key=lambda i: (-scores[i], i))[:top_k]


@pytest.mark.parametrize('first', [40, 25])
@pytest.mark.parametrize(('queries', 'top_k'), [(1, 1), (3, 5), (2, 40), (1, 99)])
def test_agrees_with_a_sort_of_all_scores(filled, first, queries, top_k):
    vectors, asked = unit(40, 8, seed=0), unit(queries, 8, seed=1)
    ranking = filled(vectors, first).search(asked, top_k)
    assert ranking.ids.tolist() == [by_sorting(vectors, query, top_k) for query in asked]
    wanted = np.sort(asked @ vectors.T)[:, ::-1][:, :top_k]
    np.testing.assert_allclose(ranking.scores, wanted, atol=1e-6)


def test_what_is_removed_never_comes_back(filled):
    vectors, asked = unit(40, 8, seed=0), unit(2, 8, seed=1)
    store, gone = filled(vectors, 30), [*range(4, 20), 33]
    store.remove(np.array([*gone, 999]))
    store.add(np.arange(40, 41), vectors[:1])
    left = [i for i in range(40) if i not in gone] + [40]
    assert len(store) == len(left)
    everything = np.concatenate([vectors, vectors[:1]])
    for top_k in (3, 41):
        ranking = store.search(asked, top_k)
        assert ranking.ids.tolist() == [by_sorting(everything, q, top_k, left) for q in asked]


@pytest.mark.parametrize('where', [[], [7], [0, 5, 9, 31, 35], list(range(0, 40, 2)), [500]])
def test_a_search_among_some(filled, where):
    vectors, asked = unit(40, 8, seed=0), unit(2, 8, seed=1)
    store = filled(vectors, 30)
    store.remove(np.array([5]))
    among = [i for i in where if i != 5 and i < 40]
    ranking = store.search(asked, 4, np.array(where, np.int64))
    assert ranking.ids.tolist() == [by_sorting(vectors, query, 4, among) for query in asked]


def test_equal_scores_come_in_the_order_of_their_ids(filled):
    vectors = np.tile(np.eye(8, dtype=np.float32)[:2], (20, 1))
    ranking = filled(vectors, 31).search(np.eye(8, dtype=np.float32)[1:2], 20)
    assert ranking.ids.tolist() == [list(range(1, 40, 2))]


def test_says_what_is_wrong_with_a_query(filled):
    store = filled(unit(9, 8))
    with pytest.raises(ValueError, match='top_k must be at least 1, got 0'):
        store.search(unit(1, 8), 0)
    with pytest.raises(ValueError, match=r'queries must be \(Q, 8\)'):
        store.search(unit(1, 4), 1)
    with pytest.raises(ValueError, match='not finite'):
        store.search(np.full((1, 8), np.inf, dtype=np.float32), 1)
