"""EfficientNet-Lite with Melas-Kyriazi's names, for timm by mmpretrain."""

import pytest
import timm
import torch
from mmengine.registry import MODELS

from pir_mm.models.converters.efficientnet import from_efficientnet_lite
from tests.models.converters.layout_files import efficientnet_lite


@pytest.mark.parametrize('number', [0, 1, 2])
def test_every_name_finds_its_place(number):
    conversion = from_efficientnet_lite(efficientnet_lite(number))
    model = f'tf_efficientnet_lite{number}'
    assert conversion.target == dict(type='mmpretrain.TIMMBackbone', model_name=model)
    with torch.device('meta'):
        wanted = MODELS.build(conversion.target).state_dict()
    assert {n: v.shape for n, v in conversion.weights.items()} == {
        n: v.shape for n, v in wanted.items()
    }
    assert conversion.dropped == {'classifier': ['_fc.weight', '_fc.bias']}


def test_the_order_of_a_file_does_not_count():
    """Names decide, not places: a file in reverse order gives the same."""
    weights = efficientnet_lite(0, 'cpu')
    backwards = dict(reversed(weights.items()))
    one, other = (from_efficientnet_lite(w).weights for w in (weights, backwards))
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_block_is_the_one_that_timm_has_there():
    """Blocks 0, 1 and 2 are the first of stage 0 and both of stage 1."""
    weights = efficientnet_lite(0, 'cpu')
    names = {s[0]: n for n, s in from_efficientnet_lite(weights).sources.items()}
    assert names['_blocks.0._project_conv.weight'] == 'timm_model.blocks.0.0.conv_pw.weight'
    assert names['_blocks.1._bn0.bias'] == 'timm_model.blocks.1.0.bn1.bias'
    assert names['_blocks.2._project_conv.weight'] == 'timm_model.blocks.1.1.conv_pwl.weight'
    assert names['_blocks.15._bn2.bias'] == 'timm_model.blocks.6.0.bn3.bias'
    assert names['_bn1.weight'] == 'timm_model.bn2.weight'


def test_another_size_is_refused():
    weights = efficientnet_lite(0)
    weights = {name: w for name, w in weights.items() if not name.startswith('_blocks.15.')}
    with pytest.raises(ValueError, match='15 blocks that end in 320 channels, which is none of'):
        from_efficientnet_lite(weights)


def test_timm_has_the_three_sizes():
    known = timm.list_models('tf_efficientnet_lite*')
    assert {f'tf_efficientnet_lite{number}' for number in (0, 1, 2)} <= set(known)
