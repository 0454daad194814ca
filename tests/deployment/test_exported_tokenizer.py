"""A tokenizer from its file; that it reads as the model's own, the tests of export tell."""

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import BertProcessing

from pir_mm.deployment.exported_tokenizer import ExportedTokenizer

IDS = {'[PAD]': 0, '[UNK]': 1, '[CLS]': 2, '[SEP]': 3, 'a': 4, 'lake': 5, '##s': 6}


@pytest.fixture
def path(tmp_path):
    tokenizer = Tokenizer(WordPiece(IDS, unk_token='[UNK]'))
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = BertProcessing(('[SEP]', 3), ('[CLS]', 2))
    tokenizer.enable_truncation(5)
    tokenizer.save(str(tmp_path / 'tokenizer.json'))
    return tmp_path / 'tokenizer.json'


def load(path, family='bert', cleaning='pir'):
    return ExportedTokenizer(path, family, 0, max_tokens=5, max_words=4, cleaning=cleaning)


def test_ids_and_mask_by_hand(path):
    ids, mask = load(path)(['A lake!', 'lakes', 'a a a a a a', '?x'])
    assert ids.dtype == np.int64
    assert ids.tolist() == [[2, 4, 5, 3, 0], [2, 5, 6, 3, 0], [2, 4, 4, 4, 3], [2, 1, 3, 0, 0]]
    np.testing.assert_array_equal(mask, np.array([4, 4, 5, 3])[:, None] > np.arange(5))


def test_it_tells_what_it_does_not_know(path):
    assert load(path).reading('a xx lake a lake') == (3, 5, ('xx',), False)


def test_marks_of_html_are_read_as_clip_does(path):
    ids, _ = load(path, 'clip', 'none')(['A &amp;amp; LAKE'])
    assert ids.tolist() == [[2, 4, 1, 5, 3]]


def test_says_what_is_wrong(path, tmp_path):
    with pytest.raises(ValueError, match='no word left'):
        load(path)(['!?'])
    with pytest.raises(ValueError, match="one of .*, got 'gru'"):
        load(path, 'gru')
    (tmp_path / 'broken.json').write_text('{"version": 1')
    with pytest.raises(ValueError, match='broken.json is damaged'):
        load(tmp_path / 'broken.json')
