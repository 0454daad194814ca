"""The tokenizer of an exported model: a file of the library ``tokenizers``."""

import html
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from pir_mm.files.extras import import_extra
from pir_mm.functional.caption_cleaning import caption_words, clean_caption
from pir_mm.functional.text_reading import (
    TextReading,
    is_never_unknown,
    is_spelt,
    text_reading,
)

FAMILIES = ('bert', 'clip')


class ExportedTokenizer:
    """Texts to token ids and mask, as the tokenizer of the model that was exported.

    Args:
        path: of ``tokenizer.json``.
        family: ``'bert'`` or ``'clip'``, which mends broken characters and marks of HTML first.
        pad: id behind the end of shorter texts.
        max_tokens: most pieces of a text, both marks included.
        max_words: words kept by the cleaning, ``None`` for all.
        cleaning: see :func:`pir_mm.functional.caption_cleaning.caption_words`.

    Raises:
        ValueError: if the file is damaged or the family unknown.
    """

    def __init__(
        self,
        path: Path,
        family: str,
        pad: int,
        max_tokens: int,
        max_words: int | None,
        cleaning: str,
    ) -> None:
        if family not in FAMILIES:
            raise ValueError(f'family of a tokenizer must be one of {FAMILIES}, got {family!r}')
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library has no class of its own
            raise ValueError(f'{path} is damaged: {error}') from None
        self.family = family
        self.pad = pad
        self.max_tokens = max_tokens
        self.max_words = max_words
        self.cleaning = cleaning

    def __call__(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Token ids ``(M, L)`` and mask ``(M, L)``, true for pieces.

        Raises:
            ValueError: if a text has no words.
        """
        rows = [self._tokenizer.encode(self._cleaned(text)).ids for text in texts]
        longest = max(map(len, rows), default=0)
        ids = np.full((len(rows), longest), self.pad, dtype=np.int64)
        for row, found in zip(ids, rows, strict=True):
            row[: len(found)] = found
        return ids, np.arange(longest) < np.array([len(row) for row in rows])[:, None]

    def reading(self, text: str) -> TextReading:
        """How this tokenizer reads a text: what it leaves out, and what it does not know."""
        words = caption_words(text, self.cleaning)
        unknown = is_spelt if self.family == 'bert' else is_never_unknown
        return text_reading(words, self.max_words, self.max_tokens - 2, self._pieces, unknown)

    def _pieces(self, word: str) -> list[str]:
        return self._tokenizer.encode(self._mended(word), add_special_tokens=False).tokens

    def _cleaned(self, text: str) -> str:
        return self._mended(clean_caption(text, self.max_words, self.cleaning))

    def _mended(self, text: str) -> str:
        """As CLIP's own tokenizer: mended characters, no marks of HTML, lower case."""
        if self.family == 'bert':
            return text
        if not text.isascii():
            text = import_extra('ftfy', 'onnx', "CLIP's tokenizer needs").fix_text(text)
        return ' '.join(html.unescape(html.unescape(text)).split()).lower()
