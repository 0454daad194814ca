"""Swin Transformer weights, by Microsoft's or timm's names, for mmpretrain."""

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close

from pir_mm.models.converters.swin import (
    from_microsoft_swin,
    from_timm_swin,
    is_microsoft_swin,
    is_timm_swin,
    relative_position_index,
    swin_config,
    swin_to_mmpretrain,
)
from tests.models.converters.layout_files import microsoft_swin, timm_swin

SWIN = dict(
    type='mmpretrain.SwinTransformer',
    arch=dict(embed_dims=4, depths=[1, 1, 1, 1], num_heads=[1, 1, 2, 2]),
)


def test_every_weight_finds_its_place():
    weights = microsoft_swin()
    assert is_microsoft_swin(weights)
    converted = swin_to_mmpretrain(weights)
    assert not is_microsoft_swin(converted)
    backbone = MODELS.build(SWIN)
    assert converted.keys() - {'head.weight'} == backbone.state_dict().keys()
    backbone.load_state_dict({n: w for n, w in converted.items() if n != 'head.weight'})


def test_a_file_is_converted_whole():
    conversion = from_microsoft_swin(microsoft_swin())
    assert conversion.target == SWIN | dict(patch_size=4, window_size=7)
    assert {rule: len(names) for rule, names in conversion.dropped.items()} == {
        'made anew': 8,
        'classifier': 1,
    }
    assert len(conversion.made) == 4
    backbone = MODELS.build(conversion.target)
    backbone.load_state_dict(conversion.fitted(backbone.state_dict()))
    assert conversion.sources['stages.1.blocks.0.attn.w_msa.proj.bias'] == (
        'layers.1.blocks.0.attn.proj.bias',
    )


def test_another_shape_of_network_is_refused():
    weights = {n: w for n, w in microsoft_swin().items() if not n.startswith('layers.3.')}
    with pytest.raises(ValueError, match='a Swin Transformer has 4 stages, these weights have 3'):
        swin_config(weights)
    weights = microsoft_swin() | {'layers.0.downsample.norm.bias': torch.ones(3)}
    with pytest.raises(
        ValueError, match=r'layers.0.downsample.norm.bias is \(3,\), wanted a last axis'
    ):
        from_microsoft_swin(weights)


@pytest.mark.parametrize('window', [2, 7])
def test_index_tables_are_those_of_mmpretrain(window):
    backbone = MODELS.build(dict(SWIN, window_size=window))
    expected = backbone.stages[0].blocks[0].attn.w_msa.relative_position_index
    assert torch.equal(relative_position_index(window), expected)


def test_neighbours_are_merged_as_microsoft_merges_them():
    weights = microsoft_swin()
    backbone = MODELS.build(SWIN)
    backbone.load_state_dict(swin_to_mmpretrain(weights), strict=False)
    cells = torch.randn(2, 4, 6, 4, generator=torch.Generator().manual_seed(1))
    parts = [cells[:, i::2, j::2] for i, j in ((0, 0), (1, 0), (0, 1), (1, 1))]
    merged = torch.nn.functional.layer_norm(
        torch.cat(parts, dim=-1),
        (16,),
        weights['layers.0.downsample.norm.weight'],
        weights['layers.0.downsample.norm.bias'],
    )
    expected = merged.flatten(1, 2) @ weights['layers.0.downsample.reduction.weight'].T
    merged_by_backbone, size = backbone.stages[0].downsample(cells.flatten(1, 2), (4, 6))
    assert size == (2, 3)
    assert_close(merged_by_backbone, expected)


def test_an_image_encoder_starts_from_microsofts_file(tmp_path):
    weights = microsoft_swin()
    torch.save({'model': weights}, tmp_path / 'swin.pth')
    encoder = MODELS.build(
        dict(type='pir_mm.ImageEncoder', backbone=SWIN, dim=6, init=str(tmp_path / 'swin.pth'))
    )
    encoder.init_weights()
    block = encoder.backbone.stages[2].blocks[0]
    assert_close(block.attn.w_msa.qkv.weight, weights['layers.2.blocks.0.attn.qkv.weight'])
    assert_close(block.ffn.layers[1].weight, weights['layers.2.blocks.0.mlp.fc2.weight'])
    assert_close(encoder.backbone.norm3.bias, weights['norm.bias'])


def test_timm_differs_from_microsoft_in_names_only():
    timm, microsoft = from_timm_swin(timm_swin()), from_microsoft_swin(microsoft_swin())
    assert timm.target == microsoft.target
    assert timm.weights.keys() == microsoft.weights.keys()
    for name, value in timm.weights.items():
        assert_close(value, microsoft.weights[name], atol=0, rtol=0)
    assert timm.sources['stages.0.downsample.norm.bias'] == ('layers.1.downsample.norm.bias',)
    assert timm.dropped == {'classifier': ['head.fc.weight']}


def test_timm_is_recognised():
    assert is_timm_swin(timm_swin())
    assert not is_timm_swin(microsoft_swin())


def test_gives_the_same_output_as_timm():
    timm = pytest.importorskip('timm')
    torch.manual_seed(0)
    sizes = dict(embed_dim=4, depths=(1, 1, 2, 1), num_heads=(1, 1, 2, 2), num_classes=3)
    reference = timm.models.SwinTransformer(img_size=224, window_size=7, **sizes).eval()
    conversion = from_timm_swin(reference.state_dict())
    backbone = MODELS.build(conversion.target)
    backbone.load_state_dict(conversion.fitted(backbone.state_dict()))
    backbone.eval()
    images = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        expected = reference.forward_features(images).permute(0, 3, 1, 2)
        assert_close(backbone(images)[-1], expected, atol=1e-4, rtol=0)
