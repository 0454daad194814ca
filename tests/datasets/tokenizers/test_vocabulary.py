"""Training of a vocabulary."""

import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from pir_mm.datasets.tokenizers import WordPieceTokenizer, train_vocabulary
from pir_mm.datasets.tokenizers.vocabulary import merged_pieces


def by_recounting(words, limit):
    """The rule without bookkeeping: count all pairs anew before each merge."""
    spelled = {word: [word[0], *('##' + c for c in word[1:])] for word in words}
    made = []
    while len(made) < limit:
        counts = Counter()
        for word, pieces in spelled.items():
            for pair in zip(pieces, pieces[1:], strict=False):
                counts[pair] += words[word]
        if not counts or max(counts.values()) < 2:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        piece = best[0] + best[1][2:]
        if piece not in made:
            made.append(piece)
        for word, pieces in spelled.items():
            out = []
            for part in pieces:
                if out and (out[-1], part) == best:
                    out[-1] = piece
                else:
                    out.append(part)
            spelled[word] = out
    return made


def test_merges_the_most_frequent_pair_first():
    assert merged_pieces({'road': 3, 'roof': 2, 'air': 1}, 9) == [
        'ro', '##ad', 'road', '##of', 'roof',
    ]  # fmt: skip


@pytest.mark.parametrize('limit', [0, 1, 13, 1000])
@pytest.mark.parametrize('count', [1, 30])
def test_agrees_with_counting_anew(limit, count):
    rng = np.random.default_rng(count)
    words = {}
    for _ in range(count):
        word = ''.join(rng.choice(list('abc'), rng.integers(1, 9)))
        words[word] = int(rng.integers(1, 5))
    assert merged_pieces(words, limit) == by_recounting(words, limit)


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
    with pytest.raises(ValueError, match='of 50 pieces is too small for the 77 of single'):
        train_vocabulary(['a pond'], 50, tmp_path / 'v.txt')
    with pytest.raises(ValueError, match='is trained on captions, got none'):
        train_vocabulary([], 500, tmp_path / 'v.txt')
    assert not (tmp_path / 'v.txt').exists()
