"""What fits and what is known, by hand."""

import pytest

from pir_mm.functional.text_reading import is_never_unknown, is_spelt, text_reading

PIECES = {'a': ['a'], 'lake': ['lake'], 'xyzzy': ['x', '##y', '##z', '##z', '##y'], '田': ['[UNK]']}


def reading(words, max_words=None, room=99, unknown=is_spelt):
    return text_reading(words, max_words, room, PIECES.__getitem__, unknown)


def test_words_that_fit_and_words_that_are_spelt():
    assert reading(['a', 'lake']) == (2, 2, (), False)
    assert reading(['a', 'xyzzy', 'lake', '田']) == (4, 4, ('xyzzy', '田'), False)
    assert reading(['a', 'xyzzy', 'lake'], room=6) == (2, 3, ('xyzzy',), False)
    assert reading(['a', 'lake', 'xyzzy'], max_words=2) == (2, 3, (), False)


def test_nothing_is_known_if_no_word_is():
    assert reading(['xyzzy', '田', 'xyzzy']).nothing_known
    assert reading([]).nothing_known
    assert not reading(['xyzzy', '田'], unknown=is_never_unknown).nothing_known


@pytest.mark.parametrize(
    ('word', 'pieces', 'spelt'),
    [
        ('ab', ['a', '##b'], False),
        ('abc', ['a', '##b', '##c'], True),
        ('abc', ['ab', '##c'], False),
    ],
)
def test_a_word_of_single_letters_is_spelt(word, pieces, spelt):
    assert is_spelt(word, pieces) == spelt
