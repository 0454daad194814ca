"""Means and deviations of inner maps complete the pooled vector."""

import copy

import pytest
import torch
from mmengine.registry import MODELS
from torch import nn
from torch.testing import assert_close

from pir_mm.models.encoders.map_statistics import MapStatistics


def build(backbone, **settings):
    return MODELS.build(dict(type='pir_mm.ImageEncoder', backbone=backbone, dim=6, **settings))


def test_worked_out_by_hand():
    """A map of 1, 3 and one of 5, 5: means 2 and 5, deviations 1 and 0."""
    net = nn.Sequential(nn.Identity(), nn.Flatten())
    images = torch.tensor([[[[1.0, 3.0]], [[5.0, 5.0]]]])
    statistics = MapStatistics(net, ['0'], lambda: net(images))
    output, found = statistics.of(net, images)
    assert statistics.width == 4 and found.tolist() == [[2, 5, 1, 0]]
    assert torch.equal(output, net(images))
    assert not net[0]._forward_hooks


@pytest.mark.parametrize('batch', [1, 3])
@pytest.mark.parametrize('frozen', [False, True])
def test_a_linear_layer_of_their_own_is_added_to_the_pooled_vector(resnet, batch, frozen):
    encoder = build(resnet, levels=['layer1', 'layer3'], frozen=frozen).eval()
    images = torch.randn(batch, 3, 64, 64)
    x = encoder.backbone
    first = x.layer1(x.maxpool(x.relu(x.norm1(x.conv1(images)))))
    third = x.layer3(x.layer2(first))
    maps = [part.flatten(2) for part in (first, third)]
    parts = [f(m) for m in maps for f in (lambda m: m.mean(2), lambda m: m.std(2, correction=0))]
    plain = copy.deepcopy(encoder)
    plain.levels = None
    wanted = plain(images)[0] + torch.cat(parts, dim=1) @ encoder.level_projection.weight.T
    pooled, tokens = encoder(images)
    assert_close(pooled, wanted)
    assert_close(tokens, plain(images)[1])


@pytest.mark.parametrize('with_tokens', [False, True])
def test_features_stand_for_images(resnet, with_tokens):
    encoder = build(resnet, levels=['layer2'], frozen=True, with_tokens=with_tokens).eval()
    images = torch.randn(2, 3, 64, 64)
    features = encoder.frozen_output(images)
    assert len(features) == 2 + with_tokens and features[-1].shape == (2, 16)
    got, wanted = encoder(features=features), encoder(images)
    assert_close(got[0], wanted[0])
    assert (got[1] is None) == (not with_tokens)


def test_gradients_reach_the_levels_of_a_trained_backbone(resnet):
    encoder = build(resnet, levels=['layer1'])
    encoder(torch.randn(2, 3, 64, 64))[0].sum().backward()
    assert encoder.level_projection.weight.grad.abs().sum() > 0
    assert encoder.backbone.layer1[0].conv1.weight.grad.abs().sum() > 0


def test_a_channel_without_any_variation_has_a_gradient():
    backbone = nn.Conv2d(3, 2, 1)
    statistics = MapStatistics(backbone, [''], lambda: backbone(torch.zeros(1, 3, 4, 4)))
    values = statistics.of(backbone, torch.ones(2, 3, 4, 4))[1]
    values.sum().backward()
    assert values[:, 2:].abs().max() < 1e-6
    assert backbone.weight.grad.isfinite().all()


def test_a_copy_reads_its_own_maps(resnet):
    encoder = build(resnet, levels=['layer1'], frozen=True).eval()
    other = copy.deepcopy(encoder)
    other.backbone.load_state_dict({n: v * 0 for n, v in encoder.backbone.state_dict().items()})
    assert other.frozen_output(torch.randn(1, 3, 64, 64))[-1].abs().sum() == 0


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(levels=['layer9']), "levels: ResNet has no module 'layer9'"),
        (dict(levels=['layer1'], frozen='layer2'), 'levels want a backbone that is frozen as a wh'),
    ],
)
def test_what_cannot_be_is_told(resnet, settings, message):
    with pytest.raises(ValueError, match=message):
        build(resnet, **settings)


def test_a_module_without_a_map_is_told():
    net = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    with pytest.raises(ValueError, match=r'levels: 1 gives \(1, 2\), wanted a map'):
        MapStatistics(net, ['1'], lambda: net(torch.ones(1, 1, 2, 2)))
