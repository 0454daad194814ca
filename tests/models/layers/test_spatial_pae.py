"""Tokens of a picture, encoded under its instruction."""

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close


def build(layers=2):
    torch.manual_seed(0)
    return MODELS.build(dict(type='pir_mm.SpatialPAE', dim=8, layers=layers, heads=2)).eval()


def inputs(batch=2):
    random = torch.Generator().manual_seed(0)
    return torch.randn(batch, 5, 8, generator=random), torch.randn(batch, 8, generator=random)


@pytest.mark.parametrize('batch', [1, 3])
@pytest.mark.parametrize('layers', [1, 2])
def test_repeats_the_instruction_for_each_token(batch, layers):
    pae = build(layers)
    tokens, instruction = inputs(batch)
    expected = tokens
    for i in range(layers):
        repeated = pae.mapping[i](instruction).unsqueeze(1).repeat(1, 5, 1)
        expected = pae.cross_attention[i](pae.self_attention[i](expected), query=repeated)
    assert_close(pae(tokens, instruction), expected)


def test_follows_the_order_of_the_tokens():
    pae, (tokens, instruction) = build(), inputs()
    assert_close(pae(tokens.flip(1), instruction), pae(tokens, instruction).flip(1))


def test_a_picture_does_not_depend_on_its_batch():
    pae, (tokens, instruction) = build(), inputs()
    assert_close(pae(tokens[:1], instruction[:1]), pae(tokens, instruction)[:1])


def test_the_first_token_trains_everything():
    pae, (tokens, instruction) = build(), inputs()
    tokens.requires_grad_()
    instruction.requires_grad_()
    pae(tokens, instruction)[:, 0].square().sum().backward()
    assert tokens.grad.abs().sum(-1).min() > 0
    assert instruction.grad.abs().sum(-1).min() > 0
    assert all(p.grad is not None for p in pae.parameters())


def test_autocast_changes_no_more_than_bfloat16_rounds():
    pae, (tokens, instruction) = build(), inputs()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        rounded = pae(tokens, instruction).float()
    assert_close(rounded, pae(tokens, instruction), atol=0.05, rtol=0.05)
