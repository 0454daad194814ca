"""Masks: padding that takes no part, and words that are to be guessed."""

from typing import NamedTuple

import torch
from torch import Tensor


def key_mask(token_mask: Tensor) -> Tensor:
    """Which keys each query may attend to: the tokens, not the padding.

    Args:
        token_mask: ``(M, L)`` bool, true for tokens, false for padding; each row has a token.

    Returns:
        ``(M, 1, 1, L)`` bool, a view, for every head and query, as
        ``torch.nn.functional.scaled_dot_product_attention`` expects it. Padding still gets
        outputs as a query; they have no meaning.
    """
    return token_mask[:, None, None, :]


def masked_mean(tokens: Tensor, token_mask: Tensor) -> Tensor:
    """Mean ``(M, D)`` of the tokens ``(M, L, D)`` that the mask ``(M, L)`` shows; zero for none."""
    shown = token_mask.unsqueeze(-1)
    return tokens.masked_fill(~shown, 0).sum(dim=1) / shown.sum(dim=1).clamp(min=1)


class WordPieces(NamedTuple):
    """What masking has to know of a vocabulary of ``V`` pieces.

    ``mask`` is the id of the piece that hides another. ``special`` (V,) bool: pieces that are no
    part of a word, such as [CLS], [SEP], [PAD]. ``inner`` (V,) bool: pieces that continue a word.
    """

    mask: int
    special: Tensor
    inner: Tensor


def mask_words(
    token_ids: Tensor,
    pieces: WordPieces,
    rate: float = 0.15,
    recipe: tuple[float, float, float] = (0.8, 0.1, 0.1),
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """Choose whole words at random and hide their pieces, for a model that has to guess them.

    Devlin et al., *BERT: Pre-training of Deep Bidirectional Transformers*, NAACL 2019, section 3.1,
    but for whole words, as the authors' later weights do. Each word is chosen by itself, so a short
    text may lose none. Special pieces are never chosen and never put in; nor is an unknown word
    chosen, which nobody could guess.

    Args:
        token_ids: ``(M, L)`` long; it is not changed.
        pieces: of the vocabulary.
        rate: probability of a word to be chosen.
        recipe: of the pieces of chosen words, the shares that become the mask, that become any
            piece, and that stay; they sum to 1.
        generator: of the draws; by default torch's own.

    Returns:
        Ids ``(M, L)`` with the words hidden, and ``(M, L)`` bool, true for pieces of chosen words.
    """
    special = pieces.special[token_ids]
    device = token_ids.device
    columns = torch.arange(token_ids.size(1), device=device).expand_as(token_ids)
    starts = special | ~pieces.inner[token_ids]
    word = columns.masked_fill(~starts, 0).cummax(dim=1).values  # where the own word starts
    drawn, fate = torch.rand(2, *token_ids.shape, generator=generator, device=device)
    chosen = (drawn.gather(1, word) < rate) & ~special
    ordinary = (~pieces.special).nonzero().squeeze(1)
    other = torch.randint(len(ordinary), token_ids.shape, generator=generator, device=device)
    hidden = torch.where(fate < recipe[0] + recipe[1], ordinary[other], token_ids)
    hidden = hidden.masked_fill(fate < recipe[0], pieces.mask)
    return torch.where(chosen, hidden, token_ids), chosen
