"""ResNets and VGGs of torchvision, and the ResNets of RSP, for mmpretrain."""

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close
from torchvision import models
from torchvision.models import vgg

from pir_mm.models.converters.torchvision import (
    from_rsp_aid,
    from_torchvision_resnet,
    from_torchvision_vgg,
    resnet_config,
)
from tests.models.converters.layout_files import resnet


def official(depth):
    with torch.device('meta'):
        return getattr(models, f'resnet{depth}')().state_dict()


@pytest.mark.parametrize('depth', [18, 34, 50, 101, 152])
def test_resnet_depth_is_found(depth):
    assert resnet_config(official(depth)) == dict(
        type='mmpretrain.ResNet', depth=depth, stem_channels=64, base_channels=64
    )


@pytest.mark.parametrize('depth', [18, 50])
def test_resnet_every_name_finds_its_place(depth):
    conversion = from_torchvision_resnet(official(depth))
    wanted = MODELS.build(conversion.target).state_dict()
    shapes = {name: value.shape for name, value in conversion.weights.items()}
    assert shapes == {name: value.shape for name, value in wanted.items()}
    assert conversion.dropped == {'classifier': ['fc.weight', 'fc.bias']}


def test_resnet_gives_the_same_output_as_torchvision():
    torch.manual_seed(0)
    reference = models.resnet18().eval()
    conversion = from_torchvision_resnet(reference.state_dict())
    backbone = MODELS.build(conversion.target)
    backbone.load_state_dict(conversion.fitted(backbone.state_dict()))
    backbone.eval()
    reference.avgpool = reference.fc = torch.nn.Identity()
    images = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert_close(backbone(images)[-1].flatten(1), reference(images), atol=1e-4, rtol=0)


def test_resnet_in_an_old_file_has_no_counters():
    old = {n: w for n, w in resnet().items() if not n.endswith('num_batches_tracked')}
    conversion = from_torchvision_resnet(old)
    assert conversion.weights.keys() | {'fc.weight', 'fc.bias'} == resnet().keys()
    assert len(conversion.made) == 20
    assert conversion.weights['bn1.num_batches_tracked'] == 0
    some = {n: w for n, w in resnet().items() if n != 'bn1.num_batches_tracked'}
    with pytest.raises(ValueError, match='missing: bn1.num_batches_tracked'):
        from_torchvision_resnet(some).fitted(resnet())


def test_resnet_of_another_depth_is_refused():
    weights = {n: w for n, w in resnet().items() if not n.startswith('layer4.1')}
    with pytest.raises(ValueError, match=r'\(2, 2, 2, 1\) blocks in their four stages, which'):
        resnet_config(weights)


def test_rsp_is_a_resnet_without_its_thirty_classes():
    conversion = from_rsp_aid(resnet(classes=30))
    assert conversion.target['type'] == 'mmpretrain.ResNet'
    assert conversion.dropped == {'classifier': ['fc.weight', 'fc.bias']}
    assert len(conversion.weights) == len(resnet()) - 2


def test_rsp_with_another_classifier_is_refused():
    with pytest.raises(ValueError, match='has 51 classes, but AID has 30: .* torchvision'):
        from_rsp_aid(resnet(classes=51))
    weights = {n: w for n, w in resnet().items() if not n.startswith('fc.')}
    with pytest.raises(ValueError, match='missing: fc.weight'):
        from_rsp_aid(weights)


@pytest.mark.parametrize('normed', [True, False])
@pytest.mark.parametrize(('letter', 'depth'), [('A', 11), ('B', 13), ('D', 16), ('E', 19)])
def test_vgg_every_name_finds_its_place(letter, depth, normed):
    with torch.device('meta'):
        layers = vgg.make_layers(vgg.cfgs[letter], batch_norm=normed)
        weights = {f'features.{n}': w for n, w in layers.state_dict().items()}
        conversion = from_torchvision_vgg(weights | {'classifier.0.weight': torch.ones(2, 2)})
        assert conversion.target['depth'] == depth
        backbone = MODELS.build(conversion.target)
    wanted = {name: value.shape for name, value in backbone.state_dict().items()}
    assert {name: value.shape for name, value in conversion.weights.items()} == wanted
    assert conversion.dropped == {'classifier': ['classifier.0.weight']}


def test_vgg_gives_the_same_output_as_torchvision():
    torch.manual_seed(0)
    reference = vgg.make_layers(vgg.cfgs['A'], batch_norm=True).eval()
    conversion = from_torchvision_vgg(
        {f'features.{n}': w for n, w in reference.state_dict().items()}
    )
    backbone = MODELS.build(conversion.target)
    backbone.load_state_dict(conversion.fitted(backbone.state_dict()))
    backbone.eval()
    images = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        assert_close(backbone(images)[-1], reference(images), atol=1e-4, rtol=0)


def test_vgg_of_another_depth_is_refused():
    with pytest.raises(ValueError, match='these weights have 1 convolutions, but VGG-11'):
        from_torchvision_vgg({'features.0.weight': torch.ones(1, 1, 3, 3)})


def test_vgg_a_strange_name_is_left_over():
    with torch.device('meta'):
        layers = vgg.make_layers(vgg.cfgs['A'])
        weights = {f'features.{n}': w for n, w in layers.state_dict().items()}
        conversion = from_torchvision_vgg(weights | {'features.2.scale': torch.ones(1), 'temp': 1})
    assert {'features.2.scale', 'temp'} <= conversion.weights.keys()
