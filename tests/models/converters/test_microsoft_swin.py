"""Swin Transformer weights from Microsoft's names to mmpretrain's."""

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close

from pir_mm.models.converters.microsoft_swin import (
    from_microsoft_swin,
    is_microsoft_swin,
    position_index,
    swin_config,
    swin_to_mmpretrain,
)

SWIN = dict(
    type='mmpretrain.SwinTransformer',
    arch=dict(embed_dims=4, depths=[1, 1, 1, 1], num_heads=[1, 1, 2, 2]),
)


def official_names(depths=(1, 1, 1, 1), width=4):
    """Names and shapes of Microsoft's file for a Swin as small as the one above."""
    shapes = {'patch_embed.proj.weight': (width, 3, 4, 4), 'head.weight': (10, 8 * width)}
    for name in ('patch_embed.proj.bias', 'patch_embed.norm.weight', 'patch_embed.norm.bias'):
        shapes[name] = (width,)
    for stage in range(len(depths)):
        c = width * 2**stage
        block = f'layers.{stage}.blocks.0.'
        shapes |= {
            f'{block}norm1.weight': (c,),
            f'{block}norm1.bias': (c,),
            f'{block}attn.relative_position_bias_table': (169, (1, 1, 2, 2)[stage]),
            f'{block}attn.relative_position_index': (49, 49),
            f'{block}attn.qkv.weight': (3 * c, c),
            f'{block}attn.qkv.bias': (3 * c,),
            f'{block}attn.proj.weight': (c, c),
            f'{block}attn.proj.bias': (c,),
            f'{block}attn_mask': (4, 49, 49),
            f'{block}norm2.weight': (c,),
            f'{block}norm2.bias': (c,),
            f'{block}mlp.fc1.weight': (4 * c, c),
            f'{block}mlp.fc1.bias': (4 * c,),
            f'{block}mlp.fc2.weight': (c, 4 * c),
            f'{block}mlp.fc2.bias': (c,),
        }
        if stage < 3:
            down = f'layers.{stage}.downsample.'
            shapes[f'{down}reduction.weight'] = (2 * c, 4 * c)
            shapes[f'{down}norm.weight'] = shapes[f'{down}norm.bias'] = (4 * c,)
    shapes['norm.weight'] = shapes['norm.bias'] = (8 * width,)
    random = torch.Generator().manual_seed(0)
    return {name: torch.randn(shape, generator=random) for name, shape in shapes.items()}


def test_every_weight_finds_its_place():
    weights = official_names()
    assert is_microsoft_swin(weights)
    converted = swin_to_mmpretrain(weights)
    assert not is_microsoft_swin(converted)
    backbone = MODELS.build(SWIN)
    assert converted.keys() - {'head.weight'} == backbone.state_dict().keys()
    backbone.load_state_dict({n: w for n, w in converted.items() if n != 'head.weight'})


def test_a_file_is_accounted_for():
    conversion = from_microsoft_swin(official_names())
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
    weights = {n: w for n, w in official_names().items() if not n.startswith('layers.3.')}
    with pytest.raises(ValueError, match='3 stages are no Swin Transformer, wanted 4'):
        swin_config(weights)
    weights = official_names() | {'layers.0.downsample.norm.bias': torch.ones(3)}
    with pytest.raises(ValueError, match=r'layers.0.downsample.norm.bias is \(3,\), wanted a last'):
        from_microsoft_swin(weights)


@pytest.mark.parametrize('window', [2, 7])
def test_index_tables_are_those_of_mmpretrain(window):
    backbone = MODELS.build(dict(SWIN, window_size=window))
    theirs = backbone.stages[0].blocks[0].attn.w_msa.relative_position_index
    assert torch.equal(position_index(window), theirs)


def test_neighbours_are_merged_as_microsoft_merges_them():
    weights = official_names()
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
    ours, size = backbone.stages[0].downsample(cells.flatten(1, 2), (4, 6))
    assert size == (2, 3)
    assert_close(ours, expected)


def test_an_image_encoder_starts_from_microsofts_file(tmp_path):
    weights = official_names()
    torch.save({'model': weights}, tmp_path / 'swin.pth')
    encoder = MODELS.build(
        dict(type='pir_mm.ImageEncoder', backbone=SWIN, dim=6, init=str(tmp_path / 'swin.pth'))
    )
    encoder.init_weights()
    block = encoder.backbone.stages[2].blocks[0]
    assert_close(block.attn.w_msa.qkv.weight, weights['layers.2.blocks.0.attn.qkv.weight'])
    assert_close(block.ffn.layers[1].weight, weights['layers.2.blocks.0.mlp.fc2.weight'])
    assert_close(encoder.backbone.norm3.bias, weights['norm.bias'])
