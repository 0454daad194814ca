"""The least width that finds what all find, by a table of what each width proposes."""

import numpy as np
import pytest

from pir_mm.search import ExactStore
from pir_mm.search.recall_tuning import Width, find_widths
from tests.search.filling import unit

VECTORS, ASKED = unit(40, 8, seed=0), unit(4, 8, seed=1)


class Ladder:
    """Proposes as many of the true best as its width says."""

    def __init__(self, *widths):
        self.widths, self.steps, self.tried = {}, list(widths), []

    def ladder(self, top_k):
        return self.steps

    def propose(self, queries, top_k, where=None):
        width = self.widths[top_k]
        self.tried.append((top_k, width))
        return np.argsort(-(queries @ VECTORS.T), axis=1)[:, :width]


@pytest.fixture
def store():
    store = ExactStore(8)
    store.add(np.arange(40), VECTORS)
    return store


def test_the_first_width_that_suffices_is_taken_for_each_number_of_best(store):
    engine = Ladder(1, 3, 6, 12, 40)
    found = find_widths(engine, store, ASKED, target=0.9, tried=(5, 20))
    assert found == [Width(5, 6, 1.0), Width(20, 40, 1.0)]
    assert engine.widths == {5: 6, 20: 40}
    assert engine.tried == [(5, 1), (5, 3), (5, 6), *((20, w) for w in (1, 3, 6, 12, 40))]


def test_the_recall_is_the_mean_share_of_the_best(store):
    assert find_widths(Ladder(3), store, ASKED, 0.5, (4,)) == [Width(4, 3, 0.75)]


def test_a_recall_that_is_not_reached_is_told_and_not_used(store):
    engine = Ladder(1, 6)
    found = find_widths(engine, store, ASKED, target=0.9, tried=(5, 20, 30))
    assert found == [Width(5, 6, 1.0), Width(20, 6, 0.3)]
    assert engine.widths == {5: 6}


def test_more_than_there_are_is_not_tried(store):
    assert find_widths(Ladder(40), store, ASKED, tried=(10, 100)) == [Width(10, 40, 1.0)]


def test_copies_of_the_last_of_the_best_count_as_found(store):
    copies = ExactStore(8)
    copies.add(np.arange(2), np.tile(VECTORS[:1], (2, 1)))

    class Second(Ladder):
        def propose(self, queries, top_k, where=None):
            return np.full((len(queries), 1), 1)

    assert find_widths(Second(1), copies, ASKED, tried=(1,)) == [Width(1, 1, 1.0)]


@pytest.mark.parametrize('values', [('10', 1, 0.9), (10, 0, 0.9), (10, 1, None), (True, 1, 0.9)])
def test_a_width_is_checked(values):
    with pytest.raises(TypeError, match='must be'):
        Width(*values)
