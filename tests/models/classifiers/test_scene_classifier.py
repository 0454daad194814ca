"""The backbone of the classifier starts from a whole file or not at all."""

import pytest
import torch
from mmengine.registry import DefaultScope

from pir_mm.registry import MODELS


def build(init, depth=18, **settings):
    config = dict(
        type='pir_mm.SceneClassifier',
        backbone=dict(type='mmpretrain.ResNet', depth=depth, stem_channels=4, base_channels=4),
        neck=dict(type='mmpretrain.GlobalAveragePooling'),
        head=dict(
            type='mmpretrain.LinearClsHead',
            num_classes=3,
            in_channels=32,
            loss=dict(type='mmpretrain.CrossEntropyLoss'),
        ),
        data_preprocessor=dict(type='mmpretrain.ClsDataPreprocessor'),
        init=str(init),
        **settings,
    )
    with DefaultScope.overwrite_default_scope('pir_mm'):  # as in every run
        return MODELS.build(config)


@pytest.fixture
def file(tmp_path):
    torch.manual_seed(1)
    weights = build('random').backbone.state_dict()
    torch.save({'state_dict': weights}, tmp_path / 'weights.pth')
    return tmp_path / 'weights.pth'


def test_takes_every_tensor_of_the_file(file):
    wanted = torch.load(file, weights_only=True)['state_dict']
    torch.manual_seed(2)
    model = build(file)
    assert not torch.equal(model.backbone.conv1.weight, wanted['conv1.weight'])
    model.init_weights()
    for name, value in model.backbone.state_dict().items():
        torch.testing.assert_close(value, wanted[name])


def test_without_a_file_it_starts_as_mmpretrain_does():
    model = build('random')
    model.init_weights()
    assert model.backbone.conv1.weight.std() > 0
    assert model(torch.randn(2, 3, 32, 32), mode='tensor').shape == (2, 3)


def test_refuses_a_file_of_another_model(file, tmp_path):
    with pytest.raises(ValueError, match=r'does not fit backbone.*--cfg-options model.init=random'):
        build(file, depth=34).init_weights()
    with pytest.raises(FileNotFoundError, match='does not exist.*model.init=random'):
        build(tmp_path / 'none.pth').init_weights()


@pytest.mark.parametrize('frozen', [True, 'layer3'])
def test_frozen_parts_stay_and_the_others_learn(frozen):
    model = build('random', frozen=frozen).train()
    assert not model.backbone.layer1.training
    assert model.backbone.layer4.training == (frozen != True)  # noqa: E712
    model(torch.randn(2, 3, 64, 64), mode='tensor').sum().backward()
    trained = {n.split('.')[1] for n, p in model.named_parameters() if p.grad is not None}
    assert trained == ({'fc'} if frozen is True else {'fc', 'layer4'})
