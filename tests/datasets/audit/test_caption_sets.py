"""Captions of two sets, and a set in numbers, worked out by hand."""

import itertools

import pytest

from pir_mm.datasets.audit import caption_sets
from pir_mm.datasets.audit.caption_sets import clean_captions, set_card, shared_captions

OWN = [['a river', 'two planes on grass'], ['a river', 'a wide bay'], ['nothing alike here']]
OTHERS = [
    ['a road', 'two planes on the grass'],
    ['a river'],
    ['a wide bay', 'a river', 'a river'],
]


def annotation(*captions, **more):
    return {'sentences': [{'raw': caption} for caption in captions], **more}


def test_worked_out_by_hand():
    found = shared_captions(OWN, OTHERS, threshold=0.8)
    assert found.verbatim == ['a river', 'a wide bay']
    assert found.near == [('two planes on grass', 'two planes on the grass', pytest.approx(0.8))]
    assert found.images == {0: (1, 1), 1: (2, 2)}


def jaccard(a, b):
    a, b = set(a.split()), set(b.split())
    return len(a & b) / len(a | b)


@pytest.mark.parametrize('rows', [1, 2, 1024])
def test_similarity_is_that_of_brute_force(monkeypatch, rows):
    monkeypatch.setattr(caption_sets, 'ROWS', rows)
    words = ['sea', 'lake', 'tree', 'car', 'road']
    own = [[f'{a} {b} {c}'] for a, b, c in itertools.permutations(words, 3)]
    others = [[f'{a} {b} {b} field'] for a, b in itertools.permutations(words[1:], 2)]
    found = shared_captions(own, others, threshold=0.01)
    assert len(found.near) == len(own)
    for caption, like, score in found.near:
        best = max(jaccard(caption, other) for (other,) in others)
        assert score == pytest.approx(best) == pytest.approx(jaccard(caption, like))
    assert [pair[2] for pair in found.near] == sorted((p[2] for p in found.near), reverse=True)


def test_sets_without_captions_share_nothing():
    assert shared_captions([[]], OTHERS) == ([], [], {})
    assert shared_captions(OWN, [[]]) == ([], [], {})
    with pytest.raises(ValueError, match='threshold must be above 0'):
        shared_captions(OWN, OTHERS, threshold=0)


def test_captions_are_read_as_the_models_read_them():
    assert clean_captions([annotation('A River.', ' . '), annotation()]) == [['a river'], []]


def test_a_card_worked_out_by_hand():
    card = set_card(
        [
            annotation('A river.', 'a river', 'a wide bay', **{'class': 'bay'}),
            annotation('a river', 'two planes on grass', **{'class': 'port'}),
            annotation('a road', **{'class': 'port'}),
        ]
    )
    assert (card.images, card.captions, card.distinct) == (3, 6, 4)
    assert card.distinct_per_image == pytest.approx(4 / 3)
    assert (card.repeated_within, card.shared) == (1, 3)
    assert card.words == pytest.approx((2 * 4 + 3 + 4) / 6) and card.longest == 4
    assert card.lengths == {2: 4, 3: 1, 4: 1}
    assert card.vocabulary == len(
        {'a', 'river', 'wide', 'bay', 'two', 'planes', 'on', 'grass', 'road'}
    )
    assert card.classes == {'port': 2, 'bay': 1}
    with pytest.raises(ValueError, match='the set has no caption'):
        set_card([annotation()])
