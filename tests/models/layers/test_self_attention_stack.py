"""Tokens that attend to each other and to nothing else."""

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close

MASK = torch.tensor([[True] * 5, [True, True, True, False, False]])


def build(name='SelfAttentionStack', **settings):
    torch.manual_seed(0)
    return MODELS.build(dict(type=f'pir_mm.{name}', dim=8, heads=2, **settings)).eval()


def tokens_of(batch):
    return torch.randn(batch, 5, 8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize('batch', [1, 3])
@pytest.mark.parametrize('layers', [1, 3])
def test_is_one_layer_after_another(batch, layers):
    stack, tokens = build(layers=layers), tokens_of(batch)
    expected = tokens
    for layer in stack.layers:
        expected = layer(expected)
    assert len(stack.layers) == layers
    assert_close(stack(tokens), expected)


def test_follows_the_order_of_the_tokens():
    stack, tokens = build(), tokens_of(2)
    assert_close(stack(tokens.flip(1)), stack(tokens).flip(1))


def test_a_text_alone_is_a_text_in_a_padded_batch():
    stack, tokens = build(), tokens_of(2)
    assert_close(stack(tokens, MASK)[1:, :3], stack(tokens[1:, :3]))
    assert not torch.allclose(stack(tokens)[1:, :3], stack(tokens, MASK)[1:, :3])


@pytest.mark.parametrize(
    ('name', 'own', 'instead', 'mappings'), [('SpatialPAE', 2, 4, 2), ('TemporalPAE', 3, 6, 3)]
)
def test_is_as_large_as_what_it_replaces_but_for_the_queries(name, own, instead, mappings):
    def size(part):
        return sum(p.numel() for p in part.parameters())

    queries = mappings * (8 * 8 + 8)
    assert size(build(layers=instead)) + queries == size(build(name, layers=own))


def test_padding_gets_no_gradient_and_every_weight_does():
    stack, tokens = build(), tokens_of(2).requires_grad_()
    stack(tokens, MASK)[:, 0].square().sum().backward()
    assert tokens.grad[1, 3:].abs().max() == 0
    assert tokens.grad[1, :3].abs().sum(-1).min() > 0
    assert all(p.grad is not None for p in stack.parameters())


def test_no_text_is_no_output():
    assert build()(torch.zeros(0, 4, 8), torch.zeros(0, 4, dtype=torch.bool)).shape == (0, 4, 8)
