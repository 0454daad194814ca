"""Training a WordPiece vocabulary on captions; the same captions give the same bytes."""

import heapq
import os
import string
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from pir_mm.datasets.tokenizers.word_piece_tokenizer import split_words
from pir_mm.functional.caption_cleaning import caption_words

SPECIAL = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]')
Pair = tuple[str, str]


def train_vocabulary(captions: Iterable[str], size: int, path: str | os.PathLike) -> int:
    """Train a vocabulary and write it, one word piece a line.

    First the special pieces; then all characters of the captions and all of ``a-z0-9`` (so that
    every English word can be spelled), each of them also as a continuation (``##a``); then merges
    of the most frequent pair of neighbours, while a pair occurs at least twice. Of pairs with
    equal counts the first in the alphabet is merged. The trainer of the ``tokenizers`` library
    picks one of them at random, so its result differs from run to run.

    Args:
        captions: training captions, not yet cleaned.
        size: largest number of pieces.
        path: file to write.

    Returns:
        The number of pieces.

    Raises:
        ValueError: if there are no captions, or ``size`` is too small for the characters.
    """
    counts: Counter[str] = Counter()
    for caption in captions:
        counts.update(caption_words(caption))
    words: Counter[str] = Counter()
    for text, count in counts.items():
        for word in split_words(text):
            words[word] += count
    if not words:
        raise ValueError('a vocabulary is trained on captions, got none')
    characters = sorted(set(string.ascii_lowercase + string.digits).union(*words))
    pieces = [*SPECIAL, *characters, *(f'##{character}' for character in characters)]
    if size < len(pieces):
        raise ValueError(
            f'a vocabulary of {size} pieces is too small for the {len(pieces)} of single '
            f'characters: ask for at least {len(pieces)}'
        )
    pieces += merged_pieces(words, size - len(pieces))
    Path(path).write_text('\n'.join(pieces) + '\n', encoding='utf-8')
    return len(pieces)


def merged_pieces(words: dict[str, int], limit: int, min_count: int = 2) -> list[str]:
    """Word pieces from merging the most frequent pair of neighbours, again and again.

    Byte pair encoding (Sennrich et al., *Neural Machine Translation of Rare Words with Subword
    Units*, ACL 2016) with the ``##`` of BERT in front of pieces that continue a word. Of pairs
    with equal counts the first in the alphabet is merged.

    Args:
        words: count of each word.
        limit: largest number of pieces.
        min_count: a less frequent pair is not merged.

    Returns:
        The new pieces in the order of their merging, without single characters.
    """
    spelled = {word: [word[0], *(f'##{c}' for c in word[1:])] for word in words}
    counts: Counter[Pair] = Counter()
    words_with: dict[Pair, set[str]] = defaultdict(set)
    for word, pieces in spelled.items():
        for pair in zip(pieces, pieces[1:], strict=False):
            counts[pair] += words[word]
            words_with[pair].add(word)
    heap = [(-count, pair) for pair, count in counts.items()]
    heapq.heapify(heap)
    merged: dict[str, None] = {}
    while heap and len(merged) < limit:
        count, pair = heapq.heappop(heap)
        if -count != counts[pair]:
            continue  # out of date: the heap has the newer count too
        if -count < min_count:
            break
        merged[_joined(pair)] = None
        changed = _merge(pair, spelled, words, counts, words_with)
        for other in changed:
            heapq.heappush(heap, (-counts[other], other))
    return list(merged)


def _joined(pair: Pair) -> str:
    return pair[0] + pair[1].removeprefix('##')


def _merge(
    pair: Pair,
    spelled: dict[str, list[str]],
    words: dict[str, int],
    counts: Counter[Pair],
    words_with: dict[Pair, set[str]],
) -> set[Pair]:
    """Merge a pair in all words that have it; return the pairs with a changed count."""
    changed = set()
    for word in words_with.pop(pair):
        old = spelled[word]
        new = _with_merged(old, pair)
        spelled[word] = new
        for other in zip(old, old[1:], strict=False):
            counts[other] -= words[word]
            words_with[other].discard(word)
            changed.add(other)
        for other in zip(new, new[1:], strict=False):
            counts[other] += words[word]
            words_with[other].add(word)
            changed.add(other)
    return {other for other in changed if counts[other] > 0}


def _with_merged(pieces: list[str], pair: Pair) -> list[str]:
    """The pieces of a word after a pair was merged."""
    spelled, position = [], 0
    while position < len(pieces):
        if tuple(pieces[position : position + 2]) == pair:
            spelled.append(_joined(pair))
            position += 2
        else:
            spelled.append(pieces[position])
            position += 1
    return spelled
