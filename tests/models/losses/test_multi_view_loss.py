"""Two views of an image agree, and do not become one point."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.registry import MODELS
from torch import nn
from torch.testing import assert_close

from tests.models.fusion.tiny import DIM, MVJRC


def build_loss(**changes):
    torch.manual_seed(0)
    return MODELS.build(MVJRC | changes).double().train()


def views(rows=6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(2, rows, DIM, generator=generator, dtype=torch.float64)
    return [view.clone().requires_grad_() for view in drawn]


def step_of(first, second):
    return SimpleNamespace(true_joint=first, second_joint=second)


def normed(values):
    return (values - values.mean(0)) / (values.var(0, correction=0) + 1e-5).sqrt()


def test_it_is_what_its_layers_give_one_by_one():
    loss, (first, second) = build_loss(weight=0.5), views()
    project = [loss.projector[i].weight for i in (0, 3, 6)]
    inner, out = loss.predictor[0].weight, loss.predictor[3]
    z = []
    for view in (first, second):
        values = normed(view @ project[0].T).relu()
        values = normed(values @ project[1].T).relu()
        z.append(normed(values @ project[2].T))
    p = [normed(values @ inner.T).relu() @ out.weight.T + out.bias for values in z]
    cosines = [
        torch.cosine_similarity(p[own], z[other].detach(), dim=1).mean()
        for own, other in ((0, 1), (1, 0))
    ]
    value, noted = loss(step_of(first, second))
    assert_close(value, -0.5 * sum(cosines) / 2)
    units = z[0] / z[0].norm(dim=1, keepdim=True)
    assert_close(noted['mv_std'].double(), units.std(0, correction=0).mean(), atol=1e-6, rtol=1e-5)


def test_has_the_shape_of_simsiam():
    loss = build_loss()
    linear = [m for m in loss.modules() if isinstance(m, nn.Linear)]
    assert [(m.in_features, m.out_features) for m in linear] == [(32, 32)] * 3 + [(32, 8), (8, 32)]
    assert [m.bias is None for m in linear] == [True] * 4 + [False]
    norms = [m for m in loss.modules() if isinstance(m, nn.BatchNorm1d)]
    assert [m.affine for m in norms] == [True, True, False, True]
    assert build_loss(bottleneck=5).predictor[0].out_features == 5


def test_each_view_has_statistics_of_its_own():
    """A step counts twice, and a view far from the other does not move it."""
    loss, (first, second) = build_loss(), views()
    plain, _ = loss(step_of(first, second))
    assert loss.projector[1].num_batches_tracked == 2
    moved, _ = loss(step_of(first, second + 100))
    assert_close(moved, plain)


def test_views_may_change_places_and_the_value_has_its_limits():
    loss, (first, second) = build_loss(), views()
    value, _ = loss(step_of(first, second))
    assert_close(loss(step_of(second, first))[0], value)
    assert -1 <= value <= 1
    loss.projector = loss.predictor = nn.Sequential(nn.Identity())
    loss.predictor.append(nn.Identity())
    loss.predictor[-1].weight = torch.ones(1, dtype=torch.float64)
    assert_close(loss(step_of(first, first))[0], torch.tensor(-1.0).double())


def test_both_views_and_all_layers_learn():
    loss, (first, second) = build_loss(), views()
    loss(step_of(first, second))[0].backward()
    assert first.grad.any() and second.grad.any()
    assert all(p.grad.any() for p in loss.parameters())


def test_one_pair_gives_zero_and_touches_everything():
    loss, (first, second) = build_loss(), views(1)
    value, noted = loss(step_of(first, second))
    assert value == 0 and noted['mv_std'] == 0
    value.backward()
    assert not first.grad.any() and not second.grad.any()
    assert all(p.grad is not None and not p.grad.any() for p in loss.parameters())


def test_collapse_is_seen():
    loss, (first, _) = build_loss(), views(64)
    _, healthy = loss(step_of(first, first))
    assert healthy['mv_std'].item() == pytest.approx(DIM**-0.5, rel=0.1)
    loss.eval()
    _, one_point = loss(step_of(first[:1].expand(64, -1), first))
    assert one_point['mv_std'].item() == pytest.approx(0, abs=1e-6)


def test_is_computed_in_full_precision_under_bfloat16():
    wanted, _ = build_loss()(step_of(*views()))
    loss, given = build_loss().float(), step_of(*(view.detach().float() for view in views()))
    with torch.autocast('cpu', torch.bfloat16):
        value, noted = loss(given)
    assert_close(value.double(), wanted, atol=1e-5, rtol=1e-5)
    assert value.dtype == noted['mv_std'].dtype == torch.float32
