"""Texts as an encoder of pairs reads them."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class TextStates(NamedTuple):
    """The tokens of ``M`` texts, each a vector: what can be computed once per text and kept.

    ``tokens`` (M, L, D), and ``mask`` (M, L) bool, true for tokens, false for padding.
    """

    tokens: Tensor
    mask: Tensor

    def rows(self, index: Tensor) -> TextStates:
        """The states of some texts, in the order of their rows ``(P,)`` long; a row may repeat."""
        return TextStates(self.tokens.index_select(0, index), self.mask.index_select(0, index))

    def cut(self, length: int, rows: slice = slice(None)) -> TextStates:
        """The states of a range of texts, without what lies behind their first tokens."""
        return TextStates(self.tokens[rows, :length], self.mask[rows, :length])
