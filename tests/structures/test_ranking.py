import dataclasses

import numpy as np
import pytest

from pir_mm.structures.ranking import Ranking


def by_loop(scores, k):
    rows = []
    for row in scores:
        order = sorted(range(len(row)), key=lambda i: (-row[i], i))
        rows.append(order[:k])
    return rows


def test_best_first_and_lower_index_first_among_equals():
    ranking = Ranking.from_scores(np.array([[0.1, 0.9, 0.5, 0.9]]), k=3)
    assert ranking.ids.tolist() == [[1, 3, 2]]
    assert ranking.scores.tolist() == [[0.9, 0.9, 0.5]]
    assert len(ranking) == 1


@pytest.mark.parametrize('queries', [0, 1, 4])
@pytest.mark.parametrize('k', [1, 3, 9])
def test_agrees_with_the_loop(queries, k):
    scores = np.random.default_rng(0).integers(0, 4, (queries, 6)).astype(np.float32)
    ranking = Ranking.from_scores(scores, k)
    assert ranking.ids.tolist() == by_loop(scores, k)
    assert ranking.ids.shape == ranking.scores.shape == (queries, min(k, 6))


def test_cannot_be_changed():
    ranking = Ranking.from_scores(np.eye(2), k=1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        ranking.ids = None


@pytest.mark.parametrize(
    'ids, scores, reason',
    [
        ([[0, 1]], [[1.0]], 'same shape'),
        ([0, 1], [1.0, 0.5], 'same shape'),
        ([[0.0, 1.0]], [[1.0, 0.5]], 'must be integers'),
        ([[0, 1]], [[1.0, np.nan]], 'not finite'),
        ([[0, 1]], [[0.5, 1.0]], 'must not increase'),
        ([[2, 1, 2]], [[1.0, 0.5, 0.1]], 'twice'),
    ],
)
def test_refuses_what_is_no_ranking(ids, scores, reason):
    with pytest.raises(ValueError, match=reason):
        Ranking(np.array(ids), np.array(scores))


def test_refuses_what_cannot_be_ranked():
    with pytest.raises(ValueError, match='got 0'):
        Ranking.from_scores(np.eye(2), k=0)
    with pytest.raises(ValueError, match='finite'):
        Ranking.from_scores(np.array([[np.inf, 0.0]]), k=1)
    with pytest.raises(ValueError, match='queries, gallery'):
        Ranking.from_scores(np.zeros(3), k=1)
