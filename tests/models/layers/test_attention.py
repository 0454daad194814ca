"""Attention, and the layer around it."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from pir_mm.models.layers.attention import AttentionLayer, MultiHeadAttention


def vectors(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def build_layer(dropout=0.0):
    torch.manual_seed(0)
    return AttentionLayer(dim=8, heads=2, dropout=dropout, mlp_ratio=2).eval()


@pytest.mark.parametrize('batch', [1, 3])
@pytest.mark.parametrize('heads', [1, 4])
@pytest.mark.parametrize('masked', [False, True])
def test_attention_is_that_of_torch(batch, heads, masked):
    ours, theirs = (
        MultiHeadAttention(8, heads, 0.0),
        nn.MultiheadAttention(8, heads, batch_first=True),
    )
    theirs.load_state_dict(
        {
            'in_proj_weight': torch.cat([ours.query.weight, ours.key_value.weight]),
            'in_proj_bias': torch.cat([ours.query.bias, ours.key_value.bias]),
            'out_proj.weight': ours.merge.weight,
            'out_proj.bias': ours.merge.bias,
        }
    )
    query, tokens = vectors(batch, 3, 8), vectors(batch, 5, 8, seed=1)
    allowed = torch.arange(5) < (3 if masked else 5)
    expected, _ = theirs(query, tokens, tokens, key_padding_mask=~allowed.expand(batch, 5))
    mask = allowed.expand(batch, 1, 1, 5) if masked else None
    assert_close(ours(query, tokens, mask), expected)


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match='heads=3 do not divide dim=8'):
        MultiHeadAttention(8, 3, 0.0)


@pytest.mark.parametrize('batch', [1, 2])
@pytest.mark.parametrize('crossed', [False, True])
def test_layer_agrees_with_its_formula(batch, crossed):
    layer = build_layer()
    tokens = vectors(batch, 5, 8)
    query = vectors(batch, 5, 8, seed=1) if crossed else tokens
    expand, norm, _, shrink = layer.ffn
    attended = layer.norm1(tokens + layer.attention(query, tokens))
    inner = norm(attended @ expand.weight.T + expand.bias)
    gelu = inner * 0.5 * (1 + torch.erf(inner / 2**0.5))
    expected = layer.norm2(attended + gelu @ shrink.weight.T + shrink.bias)
    assert_close(layer(tokens, query=query if crossed else None), expected)


def test_one_shared_query_is_that_query_repeated():
    layer = build_layer()
    tokens, query = vectors(2, 5, 8), vectors(2, 1, 8, seed=1)
    assert_close(layer(tokens, query=query), layer(tokens, query=query.expand(2, 5, 8)))


def test_self_attention_follows_the_order_of_the_tokens():
    layer, tokens = build_layer(), vectors(2, 5, 8)
    assert_close(layer(tokens.flip(1)), layer(tokens).flip(1))


def test_masked_tokens_change_nothing_and_get_no_gradient():
    layer, tokens = build_layer(), vectors(1, 5, 8).requires_grad_()
    mask = (torch.arange(5) < 3).view(1, 1, 1, 5)
    outcome = layer(tokens, mask=mask)[:, :3]
    assert_close(outcome, layer(tokens[:, :3]))
    outcome.sum().backward()
    assert tokens.grad[:, 3:].abs().max() == 0


def test_drops_in_training_only_and_both_in_the_map_and_before_the_sums():
    layer, tokens = build_layer(dropout=0.5), vectors(2, 5, 8)
    assert_close(layer(tokens), layer(tokens))
    layer.train()
    torch.manual_seed(0)
    assert not torch.allclose(layer(tokens), layer(tokens))
    layer.dropout.p = 0.0
    assert not torch.allclose(layer(tokens), layer(tokens))
    layer.attention.dropout = 0.0
    assert_close(layer(tokens), layer(tokens))
    layer.dropout.p = 0.5
    assert not torch.allclose(layer(tokens), layer(tokens))
