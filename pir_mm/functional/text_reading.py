"""What a tokenizer makes of a text: which words fit, and which it does not know."""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import NamedTuple

LETTERS_PER_PIECE = 1.5
"""With fewer on average a word is spelt, not known."""


class TextReading(NamedTuple):
    """How a tokenizer reads a text.

    ``used`` of ``words`` words fit. ``unknown`` are those that no model of this vocabulary has
    learnt: not in it, or only letter by letter. ``nothing_known`` if these are all.
    """

    used: int
    words: int
    unknown: tuple[str, ...]
    nothing_known: bool


def text_reading(
    words: Sequence[str],
    max_words: int | None,
    room: int,
    pieces_of: Callable[[str], Sequence[str]],
    is_unknown: Callable[[str, Sequence[str]], bool],
) -> TextReading:
    """How a text is read.

    Args:
        words: of the text, after cleaning.
        max_words: how many of them are kept; ``None`` for all.
        room: how many pieces fit.
        pieces_of: gives the pieces of a word.
        is_unknown: whether a word of such pieces was never learnt.
    """
    kept = {word: pieces_of(word) for word in words[:max_words]}
    ends = accumulate(len(kept[word]) for word in words[:max_words])
    unknown = tuple(word for word, pieces in kept.items() if is_unknown(word, pieces))
    used = sum(end <= room for end in ends)
    return TextReading(used, len(words), unknown, len(unknown) == len(kept))


def is_spelt(word: str, pieces: Sequence[str]) -> bool:
    """Whether word pieces say nothing of a word: all unknown, or nearly single letters."""
    spelt = len(word) >= 3 and len(word) < LETTERS_PER_PIECE * len(pieces)
    return spelt or all(piece == '[UNK]' for piece in pieces)


def is_never_unknown(word: str, pieces: Sequence[str]) -> bool:
    """Of byte pairs, which any word has."""
    return False
