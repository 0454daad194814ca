"""Padding that takes no part, and words that are hidden."""

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from pir_mm.functional.masking import WordPieces, key_mask, mask_words, masked_mean

TOKEN_MASK = torch.tensor([[True, True, False], [True, False, False]])


def test_one_row_of_keys_for_all_heads_and_queries():
    mask = key_mask(TOKEN_MASK)
    assert mask.shape == (2, 1, 1, 3)
    assert torch.equal(mask.flatten(1), TOKEN_MASK)


def test_attention_under_it_is_attention_over_the_tokens_alone():
    random = torch.Generator().manual_seed(0)
    query, key, value = torch.randn(3, 2, 4, 3, 5, generator=random)
    masked = F.scaled_dot_product_attention(query, key, value, attn_mask=key_mask(TOKEN_MASK))
    for text, length in enumerate([2, 1]):
        alone = F.scaled_dot_product_attention(
            query[text], key[text, :, :length], value[text, :, :length]
        )
        assert_close(masked[text], alone)


def test_padding_gets_no_gradient():
    value = torch.ones(2, 4, 3, 5, requires_grad=True)
    F.scaled_dot_product_attention(value, value, value, attn_mask=key_mask(TOKEN_MASK))[
        :, :, 0
    ].sum().backward()
    assert value.grad[1, :, 1:].abs().max() == 0
    assert value.grad[1, :, 0].abs().min() > 0


def test_a_mean_without_padding_worked_out_by_hand():
    """Of (1, 2) and (3, 6) it is (2, 4), of (5, 7) alone itself, of no token zero."""
    of_two = [[1.0, 2.0], [3.0, 6.0], [99.0, 99.0]]
    tokens = torch.tensor([of_two, [[5.0, 7.0], [1.0, 1.0], [0.0, 0.0]]])
    assert masked_mean(tokens, TOKEN_MASK).tolist() == [[2, 4], [5, 7]]
    assert masked_mean(tokens, torch.zeros(2, 3).bool()).tolist() == [[0, 0], [0, 0]]


def test_padding_that_is_not_finite_reaches_no_mean_and_no_gradient():
    tokens = torch.ones(2, 3, 4).masked_fill(~TOKEN_MASK.unsqueeze(-1), torch.nan).requires_grad_()
    mean = masked_mean(tokens, TOKEN_MASK)
    mean.sum().backward()
    assert torch.equal(mean, torch.ones(2, 4))
    assert_close(tokens.grad[0, :, 0], torch.tensor([0.5, 0.5, 0.0]))


# Pieces 0 to 4 are special, 5 to 7 begin words, 8 and 9 continue them; 4 hides.
PIECES = WordPieces(4, torch.arange(10) < 5, torch.arange(10) >= 8)
TEXTS = torch.tensor([[2, 5, 8, 9, 6, 3, 0], [2, 7, 6, 8, 5, 1, 3]])


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def many(rows=6000, **changes):
    """Pieces of texts of ten words of one to three pieces, hidden, and where."""
    generator = seeded(1)
    inner = torch.rand(rows, 20, generator=generator) < 0.4
    ids = torch.where(inner, 8, 5) + torch.randint(0, 2, inner.shape, generator=generator)
    ids[:, 0], ids[:, -2], ids[:, -1] = 2, 3, 0
    before = ids.clone()
    hidden, chosen = mask_words(ids, PIECES, generator=seeded(), **changes)
    assert torch.equal(ids, before)  # what was given is not changed
    return ids, hidden, chosen


def test_the_shares_are_those_that_were_asked_for():
    ids, hidden, chosen = many()
    words = (ids >= 5) & (ids < 8)
    assert chosen[words].float().mean().item() == pytest.approx(0.15, abs=0.005)
    assert chosen[ids >= 5].float().mean().item() == pytest.approx(0.15, abs=0.005)
    got, true = hidden[chosen], ids[chosen]
    assert (got == 4).float().mean().item() == pytest.approx(0.8, abs=0.01)
    # of a tenth that becomes any of five pieces, a fifth becomes itself
    assert (got == true).float().mean().item() == pytest.approx(0.1 + 0.02, abs=0.01)
    assert torch.equal(hidden[~chosen], ids[~chosen])


def test_special_pieces_are_neither_hidden_nor_put_in():
    ids, hidden, chosen = many(rate=0.9, recipe=(0.0, 1.0, 0.0))
    assert not chosen[ids < 5].any()
    shares = hidden[chosen].bincount(minlength=10) / chosen.sum()
    assert_close(shares, torch.tensor([0.0] * 5 + [0.2] * 5), atol=0.01, rtol=0)


@pytest.mark.parametrize('seed', range(8))
def test_a_word_is_hidden_whole_or_not_at_all(seed):
    """Words of the first text are pieces 1 to 3 and 4; of the second 1, 2 to 3, 4; 5 is unknown."""
    _, chosen = mask_words(TEXTS, PIECES, 0.5, generator=seeded(seed))
    first, second = chosen.tolist()
    assert first[1] == first[2] == first[3] and second[2] == second[3]
    assert not any((first[0], first[5], first[6], second[0], second[5], second[6]))


def test_words_are_chosen_one_by_one():
    kinds = {
        tuple(mask_words(TEXTS, PIECES, 0.5, generator=seeded(s))[1][0].tolist()) for s in range(40)
    }
    assert len(kinds) == 4  # of two words none, either or both


def test_equal_seeds_hide_equal_words():
    first, again, other = (mask_words(TEXTS, PIECES, 0.5, generator=seeded(s)) for s in (1, 1, 2))
    assert torch.equal(first[0], again[0]) and torch.equal(first[1], again[1])
    assert not torch.equal(first[1], other[1])


@pytest.mark.parametrize(('recipe', 'hidden'), [((1, 0, 0), 4), ((0, 0, 1), None)])
def test_a_recipe_may_always_hide_or_never(recipe, hidden):
    ids, chosen = mask_words(TEXTS, PIECES, 0.99, recipe, seeded())
    assert chosen.any()
    assert torch.equal(
        ids[chosen], TEXTS[chosen] if hidden is None else torch.full_like(ids, 4)[chosen]
    )


@pytest.mark.parametrize('shape', [(0, 0), (0, 5), (2, 1)])
def test_nothing_to_hide(shape):
    ids = torch.full(shape, 2)
    hidden, chosen = mask_words(ids, PIECES)
    assert torch.equal(hidden, ids) and not chosen.any() and chosen.shape == shape
