"""Training of a vocabulary."""

import os
import subprocess
import sys

import pytest

from pir_mm.datasets.tokenizers import WordPieceTokenizer, train_vocabulary

CAPTIONS = ['A pond near a road.', 'many ponds near roads', 'road, road & café'] * 2
CODE = """
import sys
from pir_mm.datasets.tokenizers import train_vocabulary
train_vocabulary(sys.argv[2:], 120, sys.argv[1])
"""


def test_holds_special_pieces_characters_and_frequent_words(tmp_path):
    count = train_vocabulary(CAPTIONS, 200, tmp_path / 'v.txt')
    pieces = (tmp_path / 'v.txt').read_text().split('\n')
    assert pieces.pop() == ''
    assert len(pieces) == len(set(pieces)) == count
    assert pieces[:5] == ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']
    assert {'z', '##z', '0', '##9', '&', 'road', 'near', 'pond'} <= set(pieces)


def test_no_english_word_is_unknown_to_it(tmp_path):
    train_vocabulary(['a pond'], 100, tmp_path / 'v.txt')
    ids, mask = WordPieceTokenizer(tmp_path / 'v.txt')(['zebra crossings 747'])
    assert 1 not in ids[mask]


def test_stops_at_the_size(tmp_path):
    assert train_vocabulary(CAPTIONS, 85, tmp_path / 'v.txt') == 85


def test_gives_the_same_bytes_each_time(tmp_path):
    files = []
    for seed in ('1', '2'):
        path = tmp_path / seed
        environment = {
            **os.environ,
            'PYTHONHASHSEED': seed,
            'PYTHONPATH': os.pathsep.join(sys.path),
        }
        subprocess.run([sys.executable, '-c', CODE, path, *CAPTIONS], check=True, env=environment)
        files.append(path.read_bytes())
    assert files[0] == files[1]


def test_refuses_too_small_a_size_and_no_captions(tmp_path):
    with pytest.raises(ValueError, match='of 50 pieces cannot hold the 77 of single'):
        train_vocabulary(['a pond'], 50, tmp_path / 'v.txt')
    with pytest.raises(ValueError, match='needs captions to be trained on, got none'):
        train_vocabulary([], 500, tmp_path / 'v.txt')
    assert not (tmp_path / 'v.txt').exists()
