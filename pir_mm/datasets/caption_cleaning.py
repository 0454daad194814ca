"""One cleaning for every caption and every query, so that both are read alike."""

_REMOVED = str.maketrans('-/', '  ', ',.\'!?"()*#:;~')


def caption_words(text: str) -> list[str]:
    """Lower-case words of a caption without its punctuation: all of them, maybe none."""
    return text.lower().translate(_REMOVED).split()


def clean_caption(text: str, max_words: int = 30) -> str:
    """Clean a caption as Pan et al. (*PIR*, ACM MM 2023) do; cleaning twice changes nothing.

    Lower case; ``, . ' ! ? " ( ) * # : ; ~`` are deleted (so ``2.5 km`` becomes ``25 km``), hyphen
    and slash become blanks, runs of blanks one blank, and the first ``max_words`` words stay.

    Raises:
        ValueError: if nothing is left.
    """
    words = caption_words(text)
    if not words:
        raise ValueError(
            f'the text {text!r} has no word left after cleaning: give at least one letter or digit'
        )
    return ' '.join(words[:max_words])
