"""Merging of pieces."""

from collections import Counter

import numpy as np
import pytest

from pir_mm.datasets.tokenizers.pair_merging import merged_pieces


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
