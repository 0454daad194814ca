"""The prior is frozen in all three senses, and loaded whole."""

import logging

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
    said = []
    monkeypatch.setattr(
        'pir_mm.models.encoders.instruction_encoder.print_log',
        lambda text, logger, level: said.append((text, level)),
    )
    build(resnet).init_weights()
    assert len(said) == 1
    assert 'at random' in said[0][0] and said[0][1] == logging.WARNING
