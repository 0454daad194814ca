"""Global and local vectors become one of unit length."""

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close


def build(**options):
    return MODELS.build({'type': 'pir_mm.JoinedEmbedding', 'dim': 4, **options})


def test_is_the_unit_of_global_plus_projected_local():
    join = build()
    torch.nn.init.eye_(join.local.weight)
    torch.nn.init.zeros_(join.local.bias)
    pooled, local = torch.tensor([[1.0, 0, 0, 0]]), torch.tensor([[2.0, 4, 0, 0]])
    assert_close(join(pooled, local), torch.tensor([[0.6, 0.8, 0, 0]]))


def test_without_the_global_vector_it_is_the_unit_of_the_projected_local_one():
    join = build(add_global=False)
    pooled, local = torch.randn(2, 4), torch.randn(2, 4)
    projected = join.local(local)
    assert_close(join(pooled, local), projected / projected.norm(dim=1, keepdim=True))
    assert 'add_global=False' in repr(join)


@pytest.mark.parametrize('rows', [0, 1, 3])
def test_without_a_local_vector_it_is_the_unit_of_the_global_one(rows):
    join = build(local=False)
    pooled = torch.randn(rows, 4)
    assert_close(join(pooled), pooled / pooled.norm(dim=1, keepdim=True))
    assert list(join.parameters()) == []


def test_is_float32_for_any_type():
    assert build(local=False)(torch.ones(1, 4, dtype=torch.bfloat16)).dtype == torch.float32


def test_trains_both_vectors_and_its_own_weights():
    join = build()
    pooled, local = (torch.randn(3, 4, requires_grad=True) for _ in range(2))
    join(pooled, local)[:, 0].sum().backward()
    assert pooled.grad.any() and local.grad.any()
    assert all(p.grad.any() for p in join.parameters())


def test_says_what_does_not_fit():
    with pytest.raises(ValueError, match='no local .* wants one: build it with local=False'):
        build()(torch.ones(1, 4))
    with pytest.raises(ValueError, match='a local .* wants none: build it with local=True'):
        build(local=False)(torch.ones(1, 4), torch.ones(1, 4))
