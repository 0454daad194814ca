"""Cleaning of captions."""

import re
import string

import numpy as np
import pytest

from pir_mm.datasets.caption_cleaning import caption_words, clean_caption


@pytest.mark.parametrize(
    ('raw', 'clean'),
    [
        (
            'There are two PLANES , and a (very) large apron .',
            'there are two planes and a very large apron',
        ),
        ('2.5 km of dark-green trees/shrubs', '25 km of dark green trees shrubs'),
        ('  "it\'s" a *lake*;  #1: ~wide!? ', 'its a lake 1 wide'),
    ],
)
def test_cleans_as_the_paper_does(raw, clean):
    assert clean_caption(raw) == clean


def by_steps(text):
    """The authors' rule, one step at a time."""
    text = re.sub(r"([,.'!?\"()*#:;~])", '', text.lower())
    text = text.replace('-', ' ').replace('/', ' ')
    text = re.sub(r'\s{2,}', ' ', text).rstrip('\n').strip(' ')
    return ' '.join(text.split(' ')[:30])


def test_agrees_with_the_rule_step_by_step_and_is_idempotent():
    rng = np.random.default_rng(0)
    letters = np.array(list(string.ascii_letters + string.digits + string.punctuation + ' ' * 40))
    for _ in range(300):
        text = 'a' + ''.join(rng.choice(letters, rng.integers(1, 200)))
        assert clean_caption(text) == by_steps(text)
        assert clean_caption(clean_caption(text)) == clean_caption(text)


def test_keeps_thirty_words():
    text = ' '.join(f'w{n}' for n in range(31))
    assert clean_caption(text) == ' '.join(f'w{n}' for n in range(30))
    assert clean_caption(text, max_words=2) == 'w0 w1'
    assert len(caption_words(text)) == 31


def test_refuses_a_text_without_a_word():
    with pytest.raises(ValueError, match=r"' \. ' has no word left"):
        clean_caption(' . ')


def test_without_cleaning_only_blanks_change():
    text = '  A Dark-green  lake, 2.5 km wide. '
    assert clean_caption(text, cleaning='none') == 'A Dark-green lake, 2.5 km wide.'
    assert caption_words('. ', cleaning='none') == ['.']
    with pytest.raises(ValueError, match="cleaning='clip' is unknown, wanted one of pir, none"):
        caption_words(text, cleaning='clip')
