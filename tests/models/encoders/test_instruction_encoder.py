"""The backbone is frozen, except for the parts that are named, and loaded whole."""

import copy
import logging
import re

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close


def build(backbone, **settings):
    cfg = dict(type='pir_mm.InstructionEncoder', backbone=backbone, dim=6, **settings)
    return MODELS.build(cfg)


def test_projects_the_mean_of_the_last_map(resnet):
    encoder, images = build(resnet).eval(), torch.randn(2, 3, 64, 64)
    mean = encoder.backbone(images)[-1].mean(dim=(2, 3))
    projection = encoder.projection
    assert_close(encoder(images), mean @ projection.weight.T + projection.bias)


@pytest.mark.parametrize('batch', [1, 2])
def test_is_the_same_twice_in_training_mode(resnet, batch):
    encoder, images = build(resnet).train(), torch.randn(batch, 3, 64, 64)
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    assert torch.equal(encoder(images), encoder(images))
    assert torch.equal(encoder(images), encoder.eval()(images))
    for name, value in encoder.state_dict().items():
        assert torch.equal(value, before[name])


def test_train_leaves_the_backbone_evaluating(resnet):
    encoder = build(resnet)
    assert encoder.training and encoder.projection.training
    assert not any(module.training for module in encoder.backbone.modules())
    assert encoder.train() is encoder
    assert not any(module.training for module in encoder.backbone.modules())
    assert not encoder.eval().training


def test_trains_the_projection_alone_and_records_nothing_else(resnet):
    encoder, images = build(resnet), torch.randn(2, 3, 64, 64, requires_grad=True)
    encoder(images).sum().backward()
    trained = {name for name, p in encoder.named_parameters() if p.requires_grad}
    assert trained == {'projection.weight', 'projection.bias'}
    assert all(p.grad is None for p in encoder.backbone.parameters())
    assert images.grad is None


def recorded_parts(encoder, images):
    """Names of the backbone's modules with an output that a backward would reach."""
    recorded = set()

    def note(name):
        def hook(_module, _inputs, output):
            output = output[0] if isinstance(output, tuple) else output
            if output.requires_grad:
                recorded.add(name)

        return hook

    for name, module in encoder.backbone.named_modules():
        module.register_forward_hook(note(name))
    encoder(images)
    return recorded


@pytest.mark.parametrize('batch', [1, 3])
def test_a_backbone_without_tokens_gives_its_vector(attention_pooled, batch):
    encoder, images = build(attention_pooled), torch.randn(batch, 3, 64, 64)
    assert_close(encoder(images), encoder.projection(encoder.backbone(images)))


@pytest.mark.parametrize('batch', [1, 3])
def test_gradients_reach_exactly_the_trainable_parts(attention_pooled, batch):
    encoder = build(attention_pooled, trainable=('attnpool.*',))
    images = torch.randn(batch, 3, 64, 64, requires_grad=True)
    unfrozen = copy.deepcopy(encoder).requires_grad_(True)
    unfrozen.projection(unfrozen.backbone(images.detach())).square().sum().backward()
    encoder(images).square().sum().backward()
    expected = dict(unfrozen.named_parameters())
    for name, parameter in encoder.named_parameters():
        if name.startswith(('backbone.attnpool.', 'projection.')):
            assert_close(parameter.grad, expected[name].grad)
            assert parameter.grad.abs().sum() > 0
        else:
            assert not parameter.requires_grad and parameter.grad is None
    assert images.grad is None


def test_the_forward_is_recorded_from_the_first_trainable_part_on(attention_pooled, resnet):
    images = torch.randn(2, 3, 64, 64, requires_grad=True)
    assert recorded_parts(build(attention_pooled), images) == set()
    pool = build(attention_pooled, trainable=('attnpool.*',))
    assert recorded_parts(pool, images) == {'attnpool', ''}
    last = recorded_parts(build(resnet, trainable=('layer4.1.*',)), images)
    assert {name.partition('.')[0] for name in last} == {'layer4', ''}
    assert not any(name.startswith('layer4.0') for name in last)


@pytest.mark.parametrize('batch', [1, 2])
@pytest.mark.parametrize('net', ['resnet', 'attention_pooled'])
def test_nothing_moves_in_training_mode_where_parts_are_trainable(net, batch, request):
    encoder = build(request.getfixturevalue(net), trainable=('*',)).train()
    images = torch.randn(batch, 3, 64, 64)
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    first = encoder(images)
    assert torch.equal(first, encoder(images))
    assert_close(first, encoder.eval()(images))
    assert not any(module.training for module in encoder.train().backbone.modules())
    for name, value in encoder.state_dict().items():
        assert torch.equal(value, before[name])


def test_several_patterns_and_a_single_one(resnet):
    def trained(**settings):
        parameters = build(resnet, **settings).backbone.named_parameters()
        return {name for name, parameter in parameters if parameter.requires_grad}

    assert trained() == set()
    assert trained(trainable='bn1.*') == {'bn1.weight', 'bn1.bias'}
    assert trained(trainable=['bn1.*', '*.1.bn2.bias']) == {
        'bn1.weight',
        'bn1.bias',
        *(f'layer{stage}.1.bn2.bias' for stage in (1, 2, 3, 4)),
    }


@pytest.mark.parametrize('pattern', ['attnpol.*', 'attnpool', 'bn1.running_mean'])
def test_a_pattern_that_matches_nothing_is_named(attention_pooled, pattern):
    message = (
        f"trainable='{re.escape(pattern)}' matches no parameter of AttentionPooledNet, which has "
        r"the parts conv1, bn1, attnpool: give a pattern such as 'attnpool\.\*'"
    )
    with pytest.raises(ValueError, match=message):
        build(attention_pooled, trainable=('conv1.*', pattern))


def test_channels_come_last_only_where_no_backward_follows(resnet):
    images, seen = torch.randn(2, 3, 64, 64), []

    def layout(encoder, given):
        hook = encoder.backbone.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        encoder(given)
        hook.remove()
        return seen[-1].is_contiguous(memory_format=torch.channels_last)

    frozen, partly = build(resnet), build(resnet, trainable=('layer4.*',))
    assert layout(frozen, images)
    assert not layout(partly, images.contiguous(memory_format=torch.channels_last))
    with torch.no_grad():
        assert layout(partly, images)


def test_starts_from_a_scene_classifier(resnet, tmp_path):
    wanted = {n: torch.rand_like(w.float()) for n, w in build(resnet).backbone.state_dict().items()}
    torch.save({'model': {**wanted, 'fc.weight': torch.ones(30, 32)}}, tmp_path / 'w.pth')
    encoder = build(resnet, init=str(tmp_path / 'w.pth'))
    encoder.init_weights()
    assert_close(encoder.backbone.layer4[1].conv2.weight, wanted['layer4.1.conv2.weight'])
    assert_close(encoder.backbone.bn1.running_var, wanted['bn1.running_var'])


def test_numbered_names_as_in_the_authors_model_are_refused(resnet, tmp_path):
    torch.save({'0.weight': torch.ones(4, 3, 7, 7)}, tmp_path / 'w.pth')
    advice = 'model.instruction_encoder.init=random'
    with pytest.raises(ValueError, match=f'instruction_encoder: 0 of its .*{advice}'):
        build(resnet, init=str(tmp_path / 'w.pth')).init_weights()
    with pytest.raises(FileNotFoundError, match=advice):
        build(resnet, init=str(tmp_path / 'none.pth')).init_weights()


def test_warns_that_a_random_prior_knows_nothing(resnet, monkeypatch):
    warnings = []
    monkeypatch.setattr(
        'pir_mm.models.encoders.instruction_encoder.print_log',
        lambda text, logger, level: warnings.append((text, level)),
    )
    build(resnet).init_weights()
    ((text, level),) = warnings
    assert 'at random' in text and level == logging.WARNING


def test_features_stand_for_images(resnet):
    encoder = build(resnet)
    images = torch.randn(3, 3, 64, 64)
    features = encoder.frozen_output(images)
    assert [tuple(feature.shape) for feature in features] == [(3, 32)]
    assert_close(encoder(features=features), encoder(images))
    assert encoder.frozen.is_whole


def test_a_prior_with_trained_parts_is_not_computed_once(resnet):
    assert build(resnet, trainable='layer4.*').frozen is None


def test_images_are_resized_to_the_scale_of_the_prior(resnet):
    """Large images of one colour stay so; the rest is what a resize outside would give."""
    images = torch.randn(2, 3, 64, 96)
    smaller = torch.nn.functional.interpolate(images, (32, 32), mode='bilinear', antialias=True)
    encoder = build(resnet, image_size=32)
    plain = build(resnet)
    plain.load_state_dict(encoder.state_dict())
    assert_close(encoder(images), plain(smaller))
    assert_close(encoder(smaller), plain(smaller))
