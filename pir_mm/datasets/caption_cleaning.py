"""One cleaning for every caption and every query, so that both are read alike."""

_REMOVED = str.maketrans('-/', '  ', ',.\'!?"()*#:;~')
CLEANINGS = ('pir', 'none')


def caption_words(text: str, cleaning: str = 'pir') -> list[str]:
    """The words of a caption after cleaning: all of them, maybe none.

    Args:
        text: a caption or a query.
        cleaning: ``'pir'``, as Pan et al. (*PIR*, ACM MM 2023) do: lower case, without
            ``, . ' ! ? " ( ) * # : ; ~`` (so ``2.5 km`` becomes ``25 km``), hyphen and slash as
            blanks. ``'none'``: as it stands, for a tokenizer that cleans by itself, such as CLIP's.

    Raises:
        ValueError: for another cleaning.
    """
    if cleaning not in CLEANINGS:
        raise ValueError(f'cleaning={cleaning!r} is unknown, wanted one of {", ".join(CLEANINGS)}')
    return (text.lower().translate(_REMOVED) if cleaning == 'pir' else text).split()


def clean_caption(text: str, max_words: int = 30, cleaning: str = 'pir') -> str:
    """The first ``max_words`` words of a caption after cleaning, with one blank between two words.

    Cleaning twice changes nothing.

    Args:
        text: a caption or a query.
        max_words: words that are kept.
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
