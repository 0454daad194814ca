"""CLIP's tokenizer: byte pairs of a fixed vocabulary."""

from collections.abc import Sequence

import torch
from mmengine.logging import print_log
from tokenizers import Regex, Tokenizer, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.processors import TemplateProcessing
from torch import Tensor

from pir_mm.files.extras import import_extra
from pir_mm.functional.caption_cleaning import CLEANINGS, caption_words, clean_caption
from pir_mm.functional.text_reading import TextReading, is_never_unknown, text_reading
from pir_mm.registry import TASK_UTILS


@TASK_UTILS.register_module()
class CLIPTokenizer:
    """Texts to byte-pair ids, ``<start> pieces <end>``, padded to the longest.

    The vocabulary comes with open_clip. Any text has pieces, so no word is unknown.

    Args:
        max_tokens: most pieces of a text, start and end included; CLIP has 77 positions.
        cleaning: ``'none'``, as CLIP was trained, or ``'pir'``; see :func:`caption_words`.
        max_words: words kept by the cleaning.

    Shape:
        - output: token_ids ``(M, L)`` long; token_mask ``(M, L)`` bool, true for pieces, false for
          padding

    Raises:
        ModuleNotFoundError: if open_clip is not installed.
        ValueError: if ``max_tokens`` is below 3, ``cleaning`` is unknown, or a text is empty.
    """

    def __init__(
        self, max_tokens: int = 77, cleaning: str = 'none', max_words: int | None = None
    ) -> None:
        if max_tokens < 3:
            raise ValueError(f'max_tokens must be at least 3 to hold one piece, got {max_tokens}')
        if cleaning not in CLEANINGS:
            raise ValueError(
                f'cleaning must be {" or ".join(map(repr, CLEANINGS))}, got {cleaning!r}'
            )
        self.max_tokens = max_tokens
        self.cleaning = cleaning
        self.max_words = max_words
        self.truncated = 0
        library = import_extra('open_clip.tokenizer', 'clip', "CLIP's tokenizer needs")
        self._pieces = library.SimpleTokenizer()

    def __len__(self) -> int:
        return self._pieces.vocab_size

    def __call__(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        encoded = [self._encode(text) for text in texts]
        longest = max(map(len, encoded), default=0)
        rows = [ids + [0] * (longest - len(ids)) for ids in encoded]
        lengths = torch.tensor([len(ids) for ids in encoded], dtype=torch.long)
        token_ids = torch.tensor(rows, dtype=torch.long).view(len(encoded), longest)
        return token_ids, torch.arange(longest) < lengths.unsqueeze(dim=-1)

    def reading(self, text: str) -> TextReading:
        """How this tokenizer reads a text: how many of its words fit."""
        words = caption_words(text, self.cleaning)
        return text_reading(
            words, self.max_words, self.max_tokens - 2, self._pieces.encode, is_never_unknown
        )

    def exported(self) -> tuple[str, dict]:
        """A file of the library ``tokenizers``, and what is done around it, to run without torch.

        The library splits a text and joins byte pairs by the same rules and tables.
        """
        pieces = self._pieces
        merges = sorted(pieces.bpe_ranks, key=pieces.bpe_ranks.get)
        tokenizer = Tokenizer(BPE(pieces.encoder, merges, end_of_word_suffix='</w>'))
        # without the marks of a text, which nobody writes into one
        words = Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(words, 'removed', invert=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
        start, end = '<start_of_text>', '<end_of_text>'
        tokenizer.post_processor = TemplateProcessing(
            f'{start} $A {end}',
            special_tokens=[(start, pieces.sot_token_id), (end, pieces.eot_token_id)],
        )
        tokenizer.enable_truncation(self.max_tokens)
        settings = {'family': 'clip', 'pad': 0, 'max_tokens': self.max_tokens}
        settings |= {'max_words': self.max_words, 'cleaning': self.cleaning}
        return tokenizer.to_str(), settings

    def _encode(self, text: str) -> list[int]:
        ids = self._pieces.encode(clean_caption(text, self.max_words, self.cleaning))
        if len(ids) > self.max_tokens - 2:
            if not self.truncated:
                print_log(f'a text was cut to max_tokens={self.max_tokens} pieces', 'current')
            self.truncated += 1
        return [
            self._pieces.sot_token_id, *ids[: self.max_tokens - 2], self._pieces.eot_token_id,
        ]  # fmt: skip

    def __repr__(self) -> str:
        return f'CLIPTokenizer(max_tokens={self.max_tokens}, cleaning={self.cleaning!r})'
