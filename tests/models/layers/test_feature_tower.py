"""A vector to a unit vector."""

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close


def build(**changes):
    torch.manual_seed(0)
    return MODELS.build(dict(type='pir_mm.FeatureTower', width=6, hidden=5, dim=4) | changes)


@pytest.mark.parametrize('count', [0, 1, 3])
def test_gives_unit_vectors(count):
    model = build().eval()
    vectors = torch.randn(count, 6)
    found = model(vectors)
    assert found.shape == (count, 4) and found.dtype == torch.float32
    assert_close(found.norm(dim=1), torch.ones(count))


def test_vectors_that_hardly_differ_are_told_apart():
    model = build(dropout=0.0).double().train()
    vectors = torch.randn(8, 6, dtype=torch.float64)
    assert_close(model(50 + 1e-3 * vectors), model(vectors), atol=1e-3, rtol=1e-3)


def test_is_norm_linear_gelu_linear():
    model = build().eval()
    vectors = torch.randn(2, 6)
    norm, first, _, _, last = model.layers
    wanted = last(torch.nn.functional.gelu(first(norm(vectors))))
    assert_close(model(vectors), wanted / wanted.norm(dim=1, keepdim=True))


def test_drops_in_training_and_every_parameter_learns():
    model = build(dropout=0.5).train()
    vectors = torch.randn(8, 6)
    assert not torch.equal(model(vectors), model(vectors))
    model(vectors)[:, 0].sum().backward()
    assert all(p.grad.any() for p in model.parameters())
