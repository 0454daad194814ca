"""BERT's tokenizer over a vocabulary file."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from mmengine.logging import print_log
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import BertProcessing
from torch import Tensor

from pir_mm.datasets.layout import command_for
from pir_mm.functional.caption_cleaning import CLEANINGS, caption_words, clean_caption
from pir_mm.functional.masking import WordPieces
from pir_mm.functional.text_reading import TextReading, is_spelt, text_reading
from pir_mm.registry import TASK_UTILS

NEEDED = ('[PAD]', '[UNK]', '[CLS]', '[SEP]')
NORMALIZER = BertNormalizer(lowercase=True)
PRE_TOKENIZER = BertPreTokenizer()


class WordSpan(NamedTuple):
    """A word as it is written, and where its pieces stand among those of the text."""

    word: str
    pieces: slice


@TASK_UTILS.register_module()
class WordPieceTokenizer:
    """Texts to word-piece ids, as BERT uncased: ``[CLS] pieces [SEP]``, padded to the longest.

    Texts are cleaned by :func:`clean_caption` first, so that a query is read like a caption.
    ``truncated`` counts the texts that lost pieces to ``max_tokens``; ``[SEP]`` always stays.

    Args:
        vocab: vocabulary file, one piece per line.
        max_tokens: most pieces of a text, ``[CLS]`` and ``[SEP]`` included.
        max_words: words kept by the cleaning.
        cleaning: ``'pir'`` or ``'none'``, see :func:`caption_words`.

    Shape:
        - output: token_ids ``(M, L)`` long; token_mask ``(M, L)`` bool, true for pieces, false for
          padding

    Raises:
        FileNotFoundError: if there is no vocabulary; names the command that makes it.
        ValueError: if the vocabulary lacks a special piece, ``max_tokens`` is below 3, ``cleaning``
            is unknown, or a text is empty.
    """

    def __init__(
        self,
        vocab: str | os.PathLike,
        max_tokens: int = 47,
        max_words: int = 30,
        cleaning: str = 'pir',
    ) -> None:
        if max_tokens < 3:
            raise ValueError(f'max_tokens must be at least 3 to hold one piece, got {max_tokens}')
        if cleaning not in CLEANINGS:
            raise ValueError(
                f'cleaning must be {" or ".join(map(repr, CLEANINGS))}, got {cleaning!r}'
            )
        ids = _read_vocabulary(Path(vocab))
        self.vocab = str(vocab)
        self.max_tokens = max_tokens
        self.max_words = max_words
        self.cleaning = cleaning
        self.truncated = 0
        self._pad = ids['[PAD]']
        self._tokenizer = Tokenizer(WordPiece(ids, unk_token='[UNK]', max_input_chars_per_word=100))
        self._tokenizer.normalizer = NORMALIZER
        self._tokenizer.pre_tokenizer = PRE_TOKENIZER
        self._tokenizer.post_processor = BertProcessing(
            ('[SEP]', ids['[SEP]']), ('[CLS]', ids['[CLS]'])
        )
        self._tokenizer.enable_truncation(max_tokens)

    def __len__(self) -> int:
        return self._tokenizer.get_vocab_size()

    @property
    def pieces(self) -> WordPieces:
        """Which pieces are parts of words, for hiding words.

        Raises:
            ValueError: if the vocabulary has no [MASK].
        """
        ids = self._tokenizer.get_vocab()
        if '[MASK]' not in ids:
            raise ValueError(f'{self.vocab} has no piece [MASK], which hides a word: add the line')
        names = sorted(ids, key=ids.get)
        special = [name[0] + name[-1] == '[]' and len(name) > 2 for name in names]
        inner = [name.startswith('##') for name in names]
        return WordPieces(ids['[MASK]'], torch.tensor(special), torch.tensor(inner))

    def __call__(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        # One by one: the library's batch call starts threads, and warns when a loader forks later.
        encoded = [self._tokenizer.encode(self._cleaned(text)) for text in texts]
        cut = sum(bool(one.overflowing) for one in encoded)
        if cut and not self.truncated:
            print_log(f'a text was cut to max_tokens={self.max_tokens} pieces', 'current')
        self.truncated += cut
        longest = max((len(one.ids) for one in encoded), default=0)
        rows = [one.ids + [self._pad] * (longest - len(one.ids)) for one in encoded]
        lengths = torch.tensor([len(one.ids) for one in encoded], dtype=torch.long)
        token_ids = torch.tensor(rows, dtype=torch.long).view(len(encoded), longest)
        return token_ids, torch.arange(longest) < lengths.unsqueeze(dim=-1)

    def reading(self, text: str) -> TextReading:
        """How this tokenizer reads a text: what it leaves out, and what it does not know."""
        words = caption_words(text, self.cleaning)
        return text_reading(words, self.max_words, self.max_tokens - 2, self._pieces, is_spelt)

    def exported(self) -> tuple[str, dict]:
        """File of the library ``tokenizers`` and what is done around it, to run without torch."""
        settings = {'family': 'bert', 'pad': self._pad, 'max_tokens': self.max_tokens}
        settings |= {'max_words': self.max_words, 'cleaning': self.cleaning}
        return self._tokenizer.to_str(), settings

    def spans(self, text: str) -> list[WordSpan]:
        """The words of a text in order, ``[CLS]`` as the first, ``[SEP]`` left out.

        A word is what BERT splits before it looks for pieces; of one that was cut, what is left.
        """
        text = self._cleaned(text)
        encoded = self._tokenizer.encode(text)
        spans = [WordSpan('[CLS]', slice(0, 1))]
        for number in sorted({number for number in encoded.word_ids if number is not None}):
            pieces, letters = encoded.word_to_tokens(number), encoded.word_to_chars(number)
            spans.append(WordSpan(text[slice(*letters)], slice(*pieces)))
        return spans

    def _cleaned(self, text: str) -> str:
        return clean_caption(text, self.max_words, self.cleaning)

    def _pieces(self, word: str) -> list[str]:
        return self._tokenizer.encode(word, add_special_tokens=False).tokens

    def __repr__(self) -> str:
        return f'WordPieceTokenizer(vocab={self.vocab!r}, max_tokens={self.max_tokens})'


def _read_vocabulary(path: Path) -> dict[str, int]:
    if not path.is_file():
        raise FileNotFoundError(
            f'the vocabulary {path} does not exist; make it by: {command_for(path.parent)}'
        )
    pieces = path.read_text(encoding='utf-8').removesuffix('\n').split('\n')
    ids = {piece: number for number, piece in enumerate(pieces)}
    lacking = [piece for piece in NEEDED if piece not in ids]
    if lacking:
        raise ValueError(f'{path} lacks {", ".join(lacking)}: it is not a vocabulary of BERT')
    if len(ids) != len(pieces):
        raise ValueError(f'{path} lists {len(pieces) - len(ids)} pieces twice, wanted each once')
    return ids


def split_words(text: str) -> list[str]:
    """How BERT uncased splits a text into words before it looks for pieces of them.

    Lower case, without accents; each punctuation mark and each Chinese character is a word.
    """
    return [word for word, _ in PRE_TOKENIZER.pre_tokenize_str(NORMALIZER.normalize_str(text))]
