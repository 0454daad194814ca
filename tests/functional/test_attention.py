"""The shares of attention, and that they are those of torch's own attention."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from pir_mm.functional.attention import attention_shares

GRID = [(1, 1, 1, 1, 4), (1, 2, 3, 5, 8), (3, 4, 2, 7, 2)]


def random_case(pairs, heads, tokens, keys, width):
    random = torch.Generator().manual_seed(pairs + heads)
    query = torch.randn(pairs, heads, tokens, width, generator=random, dtype=torch.float64)
    key, value = torch.randn(2, pairs, heads, keys, width, generator=random, dtype=torch.float64)
    return query, key, value


def test_two_keys_worked_out_by_hand():
    query = torch.tensor([2 * math.log(3), 0.0, 0.0, 0.0]).view(1, 1, 1, 4)
    shares = attention_shares(query, torch.eye(4)[None, None, :2])
    assert_close(shares, torch.tensor([0.75, 0.25]).view(1, 1, 1, 2))


def test_the_key_that_equals_the_query_gets_the_attention():
    keys = 8 * torch.eye(6)[None, None]
    assert_close(attention_shares(keys[:, :, 4:5], keys).argmax(-1), torch.tensor([[[4]]]))
    assert attention_shares(keys[:, :, 4:5], keys)[..., 4].item() > 0.999


@pytest.mark.parametrize('shape', GRID)
def test_shares_agree_with_the_loop_and_sum_to_one(shape):
    query, key, _ = random_case(*shape)
    shares = attention_shares(query, key)
    for pair, head, token in torch.cartesian_prod(*map(torch.arange, shape[:3])).view(-1, 3):
        asks = query[pair, head, token]
        exponents = [math.exp(float(asks @ k) / shape[4] ** 0.5) for k in key[pair, head]]
        wanted = torch.tensor(exponents, dtype=torch.float64) / sum(exponents)
        assert_close(shares[pair, head, token], wanted)
    assert_close(shares.sum(dim=-1), torch.ones(shape[:3], dtype=torch.float64))


@pytest.mark.parametrize('shape', GRID)
def test_shares_times_values_are_torchs_attention(shape):
    query, key, value = random_case(*shape)
    wanted = F.scaled_dot_product_attention(query, key, value)
    assert_close(attention_shares(query, key) @ value, wanted)


def test_a_share_is_raised_along_its_own_key():
    query, key, _ = random_case(1, 1, 1, 3, 4)
    query.requires_grad_()
    attention_shares(query, key)[..., 0].sum().backward()
    moved = attention_shares(query + 0.1 * query.grad, key)
    assert moved[..., 0] > attention_shares(query, key)[..., 0]


def test_shares_are_float32_under_autocast():
    query, key, _ = (part.float() for part in random_case(1, 2, 3, 5, 8))
    with torch.autocast('cpu', dtype=torch.bfloat16):
        shares = attention_shares(query, key)
        low = attention_shares(query.bfloat16(), key.bfloat16())
    assert_close(shares, attention_shares(query, key))
    assert low.dtype == torch.float32
