"""Attention and its shares are those of torch's own attention, whatever computes them."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from pir_mm.functional.attention import attend, attention_shares

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


MASKS = {
    'all': None,
    'keys': torch.tensor([[True, False, True, True, False, True, False]]),
    'one': torch.tensor([[False] * 6 + [True]]),
}


@pytest.mark.parametrize('mask', MASKS.values(), ids=MASKS)
@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_attention_and_its_gradients_are_torchs(dtype, mask):
    parts = [part.to(dtype).requires_grad_() for part in random_case(3, 4, 2, 7, 8)]
    exact = [part.detach().double().requires_grad_() for part in parts]
    wanted = F.scaled_dot_product_attention(*exact, mask)
    got = attend(*parts, mask)
    assert got.dtype == dtype and got.shape == (3, 4, 2, 8)
    near = dict(atol=1e-5, rtol=1e-5) if dtype == torch.float32 else dict(atol=3e-2, rtol=3e-2)
    assert_close(got.double(), wanted, **near)
    wanted.square().sum().backward()
    got.double().square().sum().backward()
    for part, true in zip(parts, exact, strict=True):
        assert_close(part.grad.double(), true.grad, **(near | dict(atol=5 * near['atol'])))
    with torch.no_grad():
        assert_close(attend(*parts, mask).double(), wanted.detach(), **near)


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_a_gradient_on_a_cpu_keeps_the_dtype_of_every_product(dtype, monkeypatch):
    """What is faster there, so torch's own is left to those that it serves well."""
    called = []
    fused = F.scaled_dot_product_attention
    monkeypatch.setattr(
        F, 'scaled_dot_product_attention', lambda *given: called.append(given) or fused(*given)
    )
    parts = [part.to(dtype) for part in random_case(3, 4, 2, 7, 8)]
    attend(*parts)
    assert len(called) == (dtype == torch.float32)
    attend(*parts, dropout=0.5)
    assert len(called) == (dtype == torch.float32)
    with torch.no_grad():
        attend(*parts, dropout=0.5)
    assert called[-1][4] == 0.5 and len(called) == 1 + (dtype == torch.float32)


@pytest.mark.parametrize('mask', MASKS.values(), ids=MASKS)
def test_shares_of_keys_are_dropped_and_the_mean_is_kept(mask):
    query, key, _ = random_case(1, 1, 1, 7, 8)
    value = torch.eye(7, dtype=torch.float64)[None, None]
    torch.manual_seed(0)
    many = query.expand(40_000, 1, 1, 8), key.expand(40_000, 1, 7, 8), value
    got = attend(*many, mask, dropout=0.25)
    shares = F.scaled_dot_product_attention(query, key, value, mask)
    kept = got != 0
    assert_close(got[kept], (shares / 0.75).expand_as(got)[kept])
    shown = torch.ones(7) if mask is None else mask[0]
    assert_close(kept.double().mean(dim=(0, 1, 2)), 0.75 * shown.double(), atol=0.01, rtol=0)


def test_shares_are_float32_under_autocast():
    query, key, _ = (part.float() for part in random_case(1, 2, 3, 5, 8))
    with torch.autocast('cpu', dtype=torch.bfloat16):
        shares = attention_shares(query, key)
        low = attention_shares(query.bfloat16(), key.bfloat16())
    assert_close(shares, attention_shares(query, key))
    assert low.dtype == torch.float32
