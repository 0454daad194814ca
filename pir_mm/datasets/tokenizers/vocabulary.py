"""Training a WordPiece vocabulary on captions, the same bytes each time."""

import heapq
import os
import string
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from pir_mm.datasets.caption_cleaning import caption_words
from pir_mm.datasets.tokenizers.word_piece_tokenizer import split_words

Pair = tuple[str, str]


def merged_pieces(words: dict[str, int], limit: int, min_count: int = 2) -> list[str]:
    """Pieces made by merging the most frequent pair of neighbours, again and again.

    Sennrich et al., *Neural Machine Translation of Rare Words with Subword Units*, ACL 2016, with
    BERT's ``##`` before pieces that continue a word.

    Args:
        words: count of each word.
        limit: number of pieces at most.
        min_count: a pair that occurs less often is not merged.

    Returns:
        New pieces in the order they were made, without single characters.
    """
    spelled = {word: [word[0], *(f'##{c}' for c in word[1:])] for word in words}
    counts: Counter[Pair] = Counter()
    where: dict[Pair, set[str]] = defaultdict(set)
    for word, pieces in spelled.items():
        for pair in zip(pieces, pieces[1:], strict=False):
            counts[pair] += words[word]
            where[pair].add(word)
    heap = [(-count, pair) for pair, count in counts.items()]
    heapq.heapify(heap)
    made: dict[str, None] = {}
    while heap and len(made) < limit:
        count, pair = heapq.heappop(heap)
        if -count != counts[pair]:
            continue  # an older count: the newer one is in the heap as well
        if -count < min_count:
            break
        made[_joined(pair)] = None
        changed = _merge(pair, spelled, words, counts, where)
        for other in changed:
            heapq.heappush(heap, (-counts[other], other))
    return list(made)


def _joined(pair: Pair) -> str:
    return pair[0] + pair[1].removeprefix('##')


def _merge(
    pair: Pair,
    spelled: dict[str, list[str]],
    words: dict[str, int],
    counts: Counter[Pair],
    where: dict[Pair, set[str]],
) -> set[Pair]:
    """Merge the pair in all words that have it; returns the pairs whose count changed."""
    changed = set()
    for word in where.pop(pair):
        old = spelled[word]
        new = _spell(old, pair)
        spelled[word] = new
        for other in zip(old, old[1:], strict=False):
            counts[other] -= words[word]
            where[other].discard(word)
            changed.add(other)
        for other in zip(new, new[1:], strict=False):
            counts[other] += words[word]
            where[other].add(word)
            changed.add(other)
    return {other for other in changed if counts[other] > 0}


def _spell(pieces: list[str], pair: Pair) -> list[str]:
    spelled, position = [], 0
    while position < len(pieces):
        if tuple(pieces[position : position + 2]) == pair:
            spelled.append(_joined(pair))
            position += 2
        else:
            spelled.append(pieces[position])
            position += 1
    return spelled


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
