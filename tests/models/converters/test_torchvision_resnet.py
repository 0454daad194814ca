"""ResNets of torchvision and of mmpretrain are one."""

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close
from torchvision import models

from pir_mm.models.converters.torchvision_resnet import from_torchvision_resnet, resnet_config
from tests.models.converters.layout_files import resnet


def official(depth):
    with torch.device('meta'):
        return getattr(models, f'resnet{depth}')().state_dict()


@pytest.mark.parametrize('depth', [18, 34, 50, 101, 152])
def test_finds_the_depth(depth):
    assert resnet_config(official(depth)) == dict(
        type='mmpretrain.ResNet', depth=depth, stem_channels=64, base_channels=64
    )


@pytest.mark.parametrize('depth', [18, 50])
def test_takes_every_name(depth):
    conversion = from_torchvision_resnet(official(depth))
    wanted = MODELS.build(conversion.target).state_dict()
    shapes = {name: value.shape for name, value in conversion.weights.items()}
    assert shapes == {name: value.shape for name, value in wanted.items()}
    assert conversion.dropped == {'classifier': ['fc.weight', 'fc.bias']}


def test_gives_the_numbers_of_torchvision():
    torch.manual_seed(0)
    theirs = models.resnet18().eval()
    conversion = from_torchvision_resnet(theirs.state_dict())
    backbone = MODELS.build(conversion.target)
    backbone.load_state_dict(conversion.fitted(backbone.state_dict()))
    backbone.eval()
    theirs.avgpool = theirs.fc = torch.nn.Identity()
    images = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert_close(backbone(images)[-1].flatten(1), theirs(images), atol=1e-4, rtol=0)


def test_old_files_without_counters():
    old = {n: w for n, w in resnet().items() if not n.endswith('num_batches_tracked')}
    conversion = from_torchvision_resnet(old)
    assert conversion.weights.keys() | {'fc.weight', 'fc.bias'} == resnet().keys()
    assert len(conversion.made) == 20
    assert conversion.weights['bn1.num_batches_tracked'] == 0
    some = {n: w for n, w in resnet().items() if n != 'bn1.num_batches_tracked'}
    with pytest.raises(ValueError, match='missing: bn1.num_batches_tracked'):
        from_torchvision_resnet(some).fitted(resnet())


def test_another_shape_of_network_is_refused():
    weights = {n: w for n, w in resnet().items() if not n.startswith('layer4.1')}
    with pytest.raises(ValueError, match=r'\(2, 2, 2, 1\) blocks in four stages are no ResNet'):
        resnet_config(weights)
