"""Padding that takes no part."""

import torch
import torch.nn.functional as F
from torch.testing import assert_close

from pir_mm.functional.masking import key_mask, masked_mean

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
