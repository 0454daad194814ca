"""The part of a backbone that is not trained."""

import copy

import pytest
import torch
from mmengine.registry import MODELS
from torch import nn
from torch.testing import assert_close

from pir_mm.models.encoders.frozen_part import FrozenPart

EFFICIENTNET = dict(type='mmpretrain.TIMMBackbone', model_name='tf_efficientnet_lite0')


def build(backbone, **settings):
    return MODELS.build(dict(type='pir_mm.ImageEncoder', backbone=backbone, dim=6, **settings))


def chain(*modules):
    return nn.Sequential(*modules)


def test_the_modules_up_to_the_last_one_are_found_in_the_order_of_the_forward():
    """Of a chain in a chain, what ended before `1.0` ended: `0` as a whole, and `1.0`."""
    net = chain(chain(nn.Linear(2, 2), nn.ReLU()), chain(nn.Linear(2, 2), nn.Linear(2, 2)))
    part = FrozenPart(net, '1.0', lambda: net(torch.ones(1, 2)))
    assert part.names == ['0', '1.0']
    assert not part.is_whole
    assert set(part.state()) == {'0.0.weight', '0.0.bias', '1.0.weight', '1.0.bias'}
    assert [p.requires_grad for p in net.parameters()] == [False] * 4 + [True] * 2


@pytest.mark.parametrize('batch', [1, 3])
@pytest.mark.parametrize('last', ['0', '0.1', '1.0', '2'])
def test_the_rest_goes_on_where_the_part_ends(last, batch):
    torch.manual_seed(0)
    net = chain(chain(nn.Linear(2, 3), nn.Tanh()), chain(nn.Linear(3, 4), nn.Tanh()), nn.Tanh())
    part = FrozenPart(net, last, lambda: net(torch.ones(1, 2)))
    images = torch.randn(batch, 2)
    assert_close(part.rest(part.output(images)), net(images))
    assert all('forward' not in module.__dict__ for module in net.modules())


def test_the_rest_is_not_given_back_its_modules_after_an_error_only():
    net = chain(nn.Linear(2, 3), nn.Linear(3, 4))
    part = FrozenPart(net, '0', lambda: net(torch.ones(1, 2)))
    with pytest.raises(RuntimeError):
        part.rest(torch.ones(1, 7))
    assert net(torch.ones(1, 2)).shape == (1, 4)


def test_what_the_backbone_owns_itself_is_frozen_with_its_input():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.start = nn.Parameter(torch.ones(2))
            self.first, self.second = nn.Linear(2, 2), nn.Linear(2, 2)

        def forward(self, x):
            return self.second(self.first(x + self.start))

    net = Net()
    part = FrozenPart(net, 'first', lambda: net(torch.ones(1, 2)))
    assert set(part.state()) == {'start', 'first.weight', 'first.bias'}
    assert not part.output(torch.ones(1, 2)).requires_grad


@pytest.mark.parametrize(
    ('last', 'message'),
    [
        ('layer7', r"frozen='layer7' is no part of ResNet, which has conv1, bn1.*name the last"),
        ('unused', "frozen='unused' is a part of ResNet that its forward does not use"),
    ],
)
def test_a_part_that_is_not_there_is_named(resnet, last, message):
    net = MODELS.build(resnet)
    net.eval()
    net.unused = nn.Linear(1, 1)
    with pytest.raises(ValueError, match=message):
        FrozenPart(net, last, lambda: net(torch.zeros(1, 3, 32, 32)))


@pytest.mark.parametrize('last', [True, 'layer2'])
def test_frozen_weights_and_statistics_stay_and_the_others_move(resnet, last):
    encoder = build(resnet, frozen=last)
    encoder.train()
    before = copy.deepcopy(encoder.state_dict())
    optimizer = torch.optim.SGD([p for p in encoder.parameters() if p.requires_grad], lr=0.1)
    pooled, tokens = encoder(torch.randn(4, 3, 64, 64))
    (pooled.sum() + tokens.square().sum()).backward()
    optimizer.step()
    moved = {n for n, v in encoder.state_dict().items() if not torch.equal(v, before[n])}
    stays = ('backbone.',) if last is True else tuple(
        f'backbone.{name}' for name in ('conv1', 'bn1', 'layer1', 'layer2')
    )  # fmt: skip
    assert moved == {name for name in before if not name.startswith(stays)}


@pytest.mark.parametrize('last', [True, 'layer3', 'layer1.0'])
def test_nothing_of_it_is_recorded(resnet, last):
    encoder = build(resnet, frozen=last).train()
    images = torch.randn(2, 3, 64, 64)
    assert not any(output.requires_grad for output in encoder.frozen_output(images))
    leaves = set()
    open_nodes = [encoder(images)[0].grad_fn]
    while open_nodes:
        node = open_nodes.pop()
        if hasattr(node, 'variable'):
            leaves.add(id(node.variable))
        open_nodes += [following for following, _ in node.next_functions if following]
    trained = {id(p) for p in encoder.parameters() if p.requires_grad}
    assert leaves == trained


@pytest.mark.parametrize('batch', [1, 3])
@pytest.mark.parametrize('last', [True, 'layer1', 'layer4'])
def test_features_stand_for_images(resnet, last, batch):
    encoder = build(resnet, frozen=last).eval()
    images = torch.randn(batch, 3, 64, 64)
    from_images, features = encoder(images), encoder.frozen_output(images)
    assert all(len(feature) == batch for feature in features)
    for got, wanted in zip(encoder(features=features), from_images, strict=True):
        assert_close(got, wanted)


def test_features_train_what_images_train(resnet):
    encoder = build(resnet, frozen='layer3', dropout=0.0)
    images = torch.randn(2, 3, 64, 64)
    gradients = []
    for inputs in ({'images': images}, {'features': encoder.frozen_output(images)}):
        encoder.zero_grad()
        encoder(**inputs)[1].square().sum().backward()
        gradients.append({n: p.grad for n, p in encoder.named_parameters() if p.requires_grad})
    for name, gradient in gradients[0].items():
        assert_close(gradients[1][name], gradient, atol=2e-4, rtol=1e-3)


def test_an_encoder_without_tokens_keeps_pooled_vectors_alone(resnet):
    encoder = build(resnet, frozen=True, with_tokens=False).eval()
    (pooled,) = encoder.frozen_output(torch.randn(2, 3, 64, 64))
    assert pooled.shape == (2, 32)
    assert encoder(features=(pooled,))[1] is None


def test_a_copy_of_an_encoder_has_a_part_of_its_own(resnet):
    """Averaged weights are such a copy."""
    encoder = build(resnet, frozen='layer3').eval()
    other = copy.deepcopy(encoder)
    other.backbone.load_state_dict({n: v * 0 for n, v in encoder.backbone.state_dict().items()})
    images = torch.randn(1, 3, 64, 64)
    assert encoder.frozen_output(images)[0].abs().sum() > 0
    assert other.frozen_output(images)[0].abs().sum() == 0


def test_a_backbone_of_timm_is_cut_at_any_stage():
    encoder = build(EFFICIENTNET, frozen='timm_model.blocks.4').eval()
    assert encoder.frozen.names[:3] == ['timm_model.conv_stem', 'timm_model.bn1'] + [
        'timm_model.blocks.0'
    ]
    images = torch.randn(2, 3, 64, 64)
    features = encoder.frozen_output(images)
    assert features[0].shape == (2, 112, 4, 4)
    for got, wanted in zip(encoder(features=features), encoder(images), strict=True):
        assert_close(got, wanted)
    assert encoder(images)[1].shape == (2, 4, 6)


def test_drops_before_the_linear_layer_in_training_only(resnet):
    encoder = build(resnet, frozen=True, dropout=0.5)
    images = torch.randn(2, 3, 64, 64)
    assert not torch.equal(encoder.train()(images)[0], encoder(images)[0])
    assert torch.equal(encoder.eval()(images)[0], encoder(images)[0])
