"""CLIP's tokenizer: byte pairs of a fixed vocabulary."""

from collections.abc import Sequence
from itertools import accumulate

import torch
from mmengine.logging import print_log
from torch import Tensor

from pir_mm.datasets.caption_cleaning import CLEANINGS, caption_words, clean_caption
from pir_mm.datasets.tokenizers.word_piece_tokenizer import TextReading
from pir_mm.files.extras import import_extra
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
        kept = words[: self.max_words]
        ends = accumulate(len(self._pieces.encode(word)) for word in kept)
        used = sum(end <= self.max_tokens - 2 for end in ends)
        return TextReading(used, len(words), (), nothing_known=not words)

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
