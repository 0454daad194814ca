"""Cleaning of captions."""

import json
import re
import string

import numpy as np
import pytest

from pir_mm.functional.caption_cleaning import caption_words, clean_caption, plain_text


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


@pytest.mark.parametrize(
    ('given', 'plain'),
    [
        ('\u201ca\u201d \u2018b\u2019s \u00abc\u00bb', '"a" \'b\'s "c"'),
        ('dark\u2013green \u2014 5\u22123', 'dark-green - 5-3'),
        ('\ufb01eld \ufb02at o\ufb03ce', 'field flat office'),
        ('run\u200bway \ufeffpla\u00adne', 'runway plane'),
        ('\uff41\uff42\u2026', 'ab...'),
        ('caf\u00e9 10\u00a0m', 'caf\u00e9 10 m'),
    ],
)
def test_typographic_characters_are_plain_ones(given, plain):
    assert plain_text(given) == plain
    assert caption_words(given) == caption_words(plain)


def test_captions_of_measured_runs_are_read_as_before(shared_dir):
    (path,) = (shared_dir / 'data' / 'rsicd').rglob('dataset_rsicd.json')
    raw = [s['raw'] for e in json.loads(path.read_text())['images'] for s in e['sentences']]
    assert len(raw) == 54605
    other = [text for text in raw if ' '.join(caption_words(text)[:30]) != by_steps(text)]
    # one sentence twice: its typographic apostrophe goes the way of the plain one
    assert (
        other
        == ['two white storage tanks are built on the concrete at the water\u2019s edge .'] * 2
    )


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
