"""Vectors less their mean, by their deviation."""

import pytest
import torch
from torch.testing import assert_close

from pir_mm.models.layers import Standardization


def test_a_value_by_hand():
    """1 and 5 lie 2 around 3; 7 and 7 do not differ."""
    model = Standardization(2).double().train()
    vectors = torch.tensor([[1.0, 7.0], [5.0, 7.0]], dtype=torch.float64)
    assert_close(model(vectors), torch.tensor([[-1.0, 0.0], [1.0, 0.0]], dtype=torch.float64))
    assert not [*model.parameters()]


@pytest.mark.parametrize('scale', [1e-3, 1.0, 1e3])
def test_mean_is_zero_and_deviation_one_however_little_they_differ(scale):
    given = 7 * scale + scale * torch.randn(50, 4, dtype=torch.float64)
    found = Standardization(4).double().train()(given)
    assert_close(found.mean(dim=0), torch.zeros(4, dtype=torch.float64), atol=1e-9, rtol=0)
    deviation = found.std(dim=0, correction=0)
    assert_close(deviation, torch.ones(4, dtype=torch.float64), atol=1e-4, rtol=0)


def test_in_evaluation_and_alone_a_vector_is_compared_with_those_before():
    model = Standardization(3).train()
    before = 5 + torch.randn(64, 3)
    for _ in range(200):
        model(before)
    wanted = (before - before.mean(dim=0)) / before.std(dim=0)
    seen = model.num_batches_tracked.clone()
    assert_close(model(before[:1]), wanted[:1])
    assert model(before[:0]).shape == (0, 3)
    assert model.num_batches_tracked == seen
    assert_close(model.eval()(before), wanted)
