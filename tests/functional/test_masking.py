"""Padding that takes no part."""

import torch
import torch.nn.functional as F
from torch.testing import assert_close

from pir_mm.functional.masking import key_mask

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
