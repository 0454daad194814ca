"""Training a WordPiece vocabulary on captions, the same bytes each time."""

import os
import string
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from pir_mm.datasets.caption_cleaning import caption_words
from pir_mm.datasets.tokenizers.pair_merging import merged_pieces
from pir_mm.datasets.tokenizers.word_splitting import split_words

SPECIAL = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]')


def train_vocabulary(captions: Iterable[str], size: int, path: str | os.PathLike) -> int:
    """Write a vocabulary of at most ``size`` pieces, one per line, and return how many it has.

    Special pieces first, then all characters seen and all of ``a-z0-9`` (so that no English word
    is unknown), each also as a continuation (``##a``), then merges of the most frequent pair of
    neighbouring pieces, as long as the pair occurs twice. Equal counts are broken by the alphabet;
    the trainer of the ``tokenizers`` library leaves them to chance and differs from run to run.

    Raises:
        ValueError: if there is no caption, or ``size`` does not hold the characters.
    """
    counts: Counter[str] = Counter()
    for caption in captions:
        counts.update(caption_words(caption))
    words: Counter[str] = Counter()
    for text, count in counts.items():
        for word in split_words(text):
            words[word] += count
    if not words:
        raise ValueError('a vocabulary needs captions to be trained on, got none')
    characters = sorted(set(string.ascii_lowercase + string.digits).union(*words))
    pieces = [*SPECIAL, *characters, *(f'##{character}' for character in characters)]
    if size < len(pieces):
        raise ValueError(
            f'a vocabulary of {size} pieces cannot hold the {len(pieces)} of single characters: '
            f'ask for at least {len(pieces)}'
        )
    pieces += merged_pieces(words, size - len(pieces))
    Path(path).write_text('\n'.join(pieces) + '\n', encoding='utf-8')
    return len(pieces)
