"""Dropout that draws four values at once does what PyTorch's does."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from pir_mm.models.layers.dropout import Dropout


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize('rate', [0.1, 0.2, 0.9])
@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_drops_at_the_rate_and_keeps_the_mean(rate, dtype):
    output = Dropout(rate)(torch.ones(1000, 1001, dtype=dtype))
    assert output.dtype == dtype
    values = output.unique().tolist()
    assert values[0] == 0 and len(values) == 2
    assert values[1] == pytest.approx(1 / (1 - rate), rel=0.005)
    assert (output == 0).float().mean().item() == pytest.approx(rate, abs=0.002)


def test_neighbours_in_one_draw_are_independent():
    kept = (Dropout(0.5)(torch.ones(400_000)) > 0).float().view(-1, 4)
    assert_close(torch.corrcoef(kept.T), torch.eye(4), atol=0.01, rtol=0)


@pytest.mark.parametrize('shape', [(), (1,), (3,), (2, 5), (1, 3, 7)])
def test_any_shape(shape):
    output = Dropout(0.5)(torch.full(shape, 3.0))
    assert output.shape == shape
    assert set(output.flatten().tolist()) <= {0.0, 6.0}


def test_empty_and_strided_values():
    assert Dropout(0.5)(torch.ones(0, 3)).shape == (0, 3)
    values = torch.arange(1.0, 13.0).view(3, 4).T
    output = Dropout(0.5)(values)
    assert bool(((output == 0) | (output == 2 * values)).all())


def test_the_gradient_is_that_of_the_kept_values():
    values = torch.full((50,), 2.0, requires_grad=True)
    output = Dropout(0.2)(values)
    output.sum().backward()
    assert_close(values.grad, output.detach() / 2)
    assert 0 < (values.grad == 0).sum() < 50


def test_follows_the_seed():
    first = Dropout(0.5)(torch.ones(100))
    torch.manual_seed(0)
    assert torch.equal(first, Dropout(0.5)(torch.ones(100)))
    assert not torch.equal(first, Dropout(0.5)(torch.ones(100)))


@pytest.mark.parametrize('rate, factor', [(0.0, 1), (1.0, 0)])
def test_nothing_or_everything_is_dropped(rate, factor):
    assert Dropout(rate)(torch.ones(9)).tolist() == [factor] * 9


def test_evaluation_changes_nothing():
    values = torch.randn(9)
    assert Dropout(0.5).eval()(values) is values


def test_is_a_dropout_for_whoever_looks_for_one():
    assert isinstance(Dropout(0.3), nn.Dropout)
    assert 'p=0.3' in repr(Dropout(0.3))
