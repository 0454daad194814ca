"""An engine that proposes anything: only what is there is found, with its exact score."""

import numpy as np
import pytest

from pir_mm.search import ExactStore
from pir_mm.search.candidate_store import CandidateStore
from tests.search.filling import unit

VECTORS = unit(30, 8, seed=0)
ASKED = unit(2, 8, seed=1)


class Proposes:
    """An engine that proposes what it is told, and remembers what it was asked."""

    def __init__(self, *rows, widths=None):
        self.rows, self.widths, self.asked = rows, widths or {10: 1}, []

    def propose(self, queries, top_k, where=None):
        self.asked.append(where)
        return np.array(self.rows)[: len(queries)]


def store_over(engine, covered=30, **options):
    exact = ExactStore(8)
    exact.add(np.arange(30), VECTORS)
    return CandidateStore(exact, engine, covered, **{'exact_rows': 0, **options})


def truth(top_k, **options):
    return store_over(None, exact_rows=99, **options).search(ASKED, top_k).ids.tolist()


def test_ranks_proposals_by_their_exact_scores():
    ranking = store_over(Proposes([3, 1, 2], [4, 6, 5])).search(ASKED, 2)
    for ids, scores, query, own in zip(
        ranking.ids, ranking.scores, ASKED, ([3, 1, 2], [4, 6, 5]), strict=True
    ):
        order = sorted(own, key=lambda i: -float(VECTORS[i] @ query))[:2]
        assert ids.tolist() == order
        np.testing.assert_allclose(scores, VECTORS[order] @ query, atol=1e-6)


def test_ids_that_are_twice_or_unknown_or_removed_count_once_or_not():
    store = store_over(Proposes([1, 1, 2, 2, -1, 999, 7], [1, 1, 2, 2, -5, 2**62, 7]))
    store.remove(np.array([7]))
    assert [sorted(row) for row in store.search(ASKED, 2).ids.tolist()] == [[1, 2], [1, 2]]


def test_a_query_with_too_few_proposals_is_compared_with_all():
    found = store_over(Proposes([-1, -1, 5], [1, 2, 3])).search(ASKED, 2).ids.tolist()
    assert found[0] == truth(2)[0]
    assert sorted(found[1]) != sorted(truth(2)[1]) and set(found[1]) <= {1, 2, 3}


def test_vectors_that_the_engine_lacks_are_compared():
    nearest = truth(30)
    new = nearest[0][0]
    store = store_over(Proposes([0, 0], [0, 0]), covered=new)
    assert store.search(ASKED[:1], 1).ids.tolist() == [[new]]


@pytest.mark.parametrize(
    ('top_k', 'where', 'is_asked'),
    [(10, 30, True), (11, 30, False), (2, 20, False), (2, 21, True)],
)
def test_few_ids_and_many_results_are_left_to_the_exact_search(top_k, where, is_asked):
    engine = Proposes(list(range(30)), list(range(30)))
    found = store_over(engine, exact_rows=20).search(ASKED, top_k, np.arange(where))
    assert bool(engine.asked) == is_asked
    if where == 30:
        assert found.ids.tolist() == truth(top_k)
