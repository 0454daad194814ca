"""Vision Transformer weights of timm and DeiT, for mmpretrain."""

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close

from pir_mm.models.converters.vit import from_timm_vit, is_timm_vit, vit_config
from tests.models.converters.layout_files import drawn, timm_swin, timm_vit


def test_sizes_are_found():
    deit_small = dict(embed_dims=384, num_layers=2, num_heads=6, feedforward_channels=1536)
    sizes = dict(type='mmpretrain.VisionTransformer', img_size=224, patch_size=16, out_type='raw')
    given = timm_vit(width=384, layers=2, inner=1536, side=14)
    assert vit_config(given) == dict(sizes, arch=deit_small)


def test_every_name_finds_its_place():
    conversion = from_timm_vit(timm_vit(layers=2))
    wanted = MODELS.build(conversion.target).state_dict()
    shapes = {name: value.shape for name, value in conversion.weights.items()}
    assert shapes == {name: value.shape for name, value in wanted.items()}
    assert conversion.sources['layers.1.ffn.layers.0.0.bias'] == ('blocks.1.mlp.fc1.bias',)
    assert conversion.dropped == {'classifier': ['head.weight', 'head.bias']}
    assert conversion.notes == ['assumed: 1 heads, each 64 wide; the number is not in the file']


def test_gives_the_same_output_as_timm():
    timm = pytest.importorskip('timm')
    torch.manual_seed(0)
    sizes = dict(embed_dim=128, depth=2, num_heads=2, mlp_ratio=2, num_classes=3)
    reference = timm.models.VisionTransformer(img_size=32, patch_size=8, **sizes).eval()
    reference.load_state_dict(
        drawn({name: value.shape for name, value in reference.state_dict().items()})
    )
    conversion = from_timm_vit(reference.state_dict())
    backbone = MODELS.build(conversion.target)
    backbone.load_state_dict(conversion.fitted(backbone.state_dict()))
    backbone.eval()
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        expected = reference.forward_features(images)
        assert_close(backbone(images)[-1], expected, atol=1e-4, rtol=0)


def test_a_swin_is_not_a_vit():
    assert is_timm_vit(timm_vit())
    assert not is_timm_vit(timm_swin())


def test_other_transformers_are_refused():
    more = drawn({'dist_token': (1, 1, 64), 'head_dist.bias': (3,)})
    given = from_timm_vit(timm_vit() | more)
    with pytest.raises(ValueError, match='left over: dist_token, head_dist.bias'):
        given.fitted(MODELS.build(given.target).state_dict())
    with pytest.raises(ValueError, match='pos_embed has 6 positions, wanted a class token and a'):
        vit_config(timm_vit() | drawn({'pos_embed': (1, 6, 64)}))
    with pytest.raises(ValueError, match='96 wide, wanted a multiple of 64'):
        vit_config(timm_vit(width=96))
