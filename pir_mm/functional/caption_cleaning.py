"""One cleaning for every caption and every query, so that both are read alike."""

import unicodedata

_REMOVED = str.maketrans('-/', '  ', ',.\'!?"()*#:;~')
CLEANINGS = ('pir', 'none')
# What word processors put in place of plain characters, and what nobody sees. Ligatures, full-width
# letters and three dots in one follow from Unicode's own table (NFKC).
_TYPOGRAPHIC = {
    **dict.fromkeys(map(ord, '\u2018\u2019\u201a\u201b\u2032\u00b4\u0060'), "'"),
    **dict.fromkeys(map(ord, '\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb'), '"'),
    **dict.fromkeys(map(ord, '\u2010\u2011\u2012\u2013\u2014\u2015\u2212'), '-'),
    **dict.fromkeys(map(ord, '\u200b\u200c\u200d\u2060\ufeff\u00ad'), None),
}


def plain_text(text: str) -> str:
    """A text with plain quotes and hyphens, without ligatures and characters of no width."""
    if text.isascii():
        return text
    return unicodedata.normalize('NFKC', text.translate(_TYPOGRAPHIC)).translate(_TYPOGRAPHIC)


def caption_words(text: str, cleaning: str = 'pir') -> list[str]:
    """The words of a caption after cleaning: all of them, maybe none.

    Args:
        text: a caption or a query.
        cleaning: ``'pir'``, as Pan et al. (*PIR*, ACM MM 2023) do: lower case, without
            ``, . ' ! ? " ( ) * # : ; ~`` (so ``2.5 km`` becomes ``25 km``), hyphen and slash as
            blanks; typographic characters count as plain ones. ``'none'``: as it stands, for a
            tokenizer that cleans by itself, such as CLIP's.

    Raises:
        ValueError: for another cleaning.
    """
    if cleaning not in CLEANINGS:
        raise ValueError(f'cleaning={cleaning!r} is unknown, wanted one of {", ".join(CLEANINGS)}')
    if cleaning == 'pir':
        text = plain_text(text).lower().translate(_REMOVED)
    return text.split()


def clean_caption(text: str, max_words: int | None = 30, cleaning: str = 'pir') -> str:
    """The first ``max_words`` words of a caption after cleaning, with one blank between two words.

    Cleaning twice changes nothing.

    Args:
        text: a caption or a query.
        max_words: words that are kept, ``None`` for all.
        cleaning: as in :func:`caption_words`.

    Raises:
        ValueError: if no word is left.
    """
    words = caption_words(text, cleaning)
    if not words:
        raise ValueError(
            f'the text {text!r} has no word left after cleaning: give at least one letter or digit'
        )
    return ' '.join(words[:max_words])
