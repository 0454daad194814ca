"""VGG weights from torchvision's names to mmpretrain's."""

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close
from torchvision.models import vgg

from pir_mm.models.converters.torchvision_vgg import from_torchvision_vgg


@pytest.mark.parametrize('normed', [True, False])
@pytest.mark.parametrize(('letter', 'depth'), [('A', 11), ('B', 13), ('D', 16), ('E', 19)])
def test_every_name_finds_its_place(letter, depth, normed):
    with torch.device('meta'):
        layers = vgg.make_layers(vgg.cfgs[letter], batch_norm=normed)
        weights = {f'features.{n}': w for n, w in layers.state_dict().items()}
        conversion = from_torchvision_vgg(weights | {'classifier.0.weight': torch.ones(2, 2)})
        assert conversion.target['depth'] == depth
        backbone = MODELS.build(conversion.target)
    wanted = {name: value.shape for name, value in backbone.state_dict().items()}
    assert {name: value.shape for name, value in conversion.weights.items()} == wanted
    assert conversion.dropped == {'classifier': ['classifier.0.weight']}


def test_gives_the_numbers_of_torchvision():
    torch.manual_seed(0)
    theirs = vgg.make_layers(vgg.cfgs['A'], batch_norm=True).eval()
    conversion = from_torchvision_vgg({f'features.{n}': w for n, w in theirs.state_dict().items()})
    backbone = MODELS.build(conversion.target)
    backbone.load_state_dict(conversion.fitted(backbone.state_dict()))
    backbone.eval()
    images = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        assert_close(backbone(images)[-1], theirs(images), atol=1e-4, rtol=0)


def test_what_is_no_vgg_is_refused():
    with pytest.raises(ValueError, match='1 convolutions are no VGG'):
        from_torchvision_vgg({'features.0.weight': torch.ones(1, 1, 3, 3)})


def test_a_strange_name_is_left_over():
    with torch.device('meta'):
        layers = vgg.make_layers(vgg.cfgs['A'])
        weights = {f'features.{n}': w for n, w in layers.state_dict().items()}
        conversion = from_torchvision_vgg(weights | {'features.2.scale': torch.ones(1), 'temp': 1})
    assert {'features.2.scale', 'temp'} <= conversion.weights.keys()
