"""Tokens of a text, encoded under what they were a step before."""

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close

MASK = torch.tensor([[True] * 5, [True, True, True, False, False]])


def build(**settings):
    torch.manual_seed(0)
    return MODELS.build(dict(type='pir_mm.TemporalPAE', dim=8, heads=2, **settings)).eval()


def tokens_of(batch):
    return torch.randn(batch, 5, 8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize('batch', [1, 3])
@pytest.mark.parametrize('layers', [1, 3])
def test_each_layer_asks_its_result_by_its_input(batch, layers):
    pae, tokens = build(layers=layers), tokens_of(batch)
    expected = tokens
    for i in range(layers):
        query = pae.mapping[i](expected)
        expected = pae.cross_attention[i](pae.self_attention[i](expected), query=query)
    assert_close(pae(tokens, torch.ones(batch, 5, dtype=torch.bool)), expected)


def test_a_text_alone_is_a_text_in_a_padded_batch():
    pae, tokens = build(), tokens_of(2)
    assert_close(pae(tokens, MASK)[1:, :3], pae(tokens[1:, :3], MASK[1:, :3]))


def test_the_authors_way_attends_to_padding():
    ours, theirs, tokens = build(), build(mask_padding=False), tokens_of(2)
    assert_close(theirs(tokens, MASK)[:1], ours(tokens, MASK)[:1])
    assert not torch.allclose(theirs(tokens, MASK)[1:, :3], ours(tokens, MASK)[1:, :3])
    assert_close(theirs(tokens, MASK), theirs(tokens, torch.ones_like(MASK)))


def test_padding_gets_no_gradient_and_every_weight_does():
    pae, tokens = build(), tokens_of(2).requires_grad_()
    pae(tokens, MASK)[:, 0].square().sum().backward()
    assert tokens.grad[1, 3:].abs().max() == 0
    assert tokens.grad[1, :3].abs().sum(-1).min() > 0
    assert all(p.grad is not None for p in pae.parameters())


def test_no_text_is_no_output():
    assert build()(torch.zeros(0, 4, 8), torch.zeros(0, 4, dtype=torch.bool)).shape == (0, 4, 8)
