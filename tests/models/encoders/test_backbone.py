"""Any backbone gives a pooled vector, and tokens where it has them."""

import pytest
import torch
from mmengine.registry import DefaultScope
from torch import nn
from torch.testing import assert_close

from pir_mm.models.encoders.backbone import build_backbone, read_out

VIT = dict(
    type='mmpretrain.VisionTransformer',
    arch=dict(embed_dims=16, num_layers=1, num_heads=2, feedforward_channels=16),
    img_size=32,
)


def with_settings(**settings):
    module = nn.Module()
    for name, value in settings.items():
        setattr(module, name, value)
    return module


class Fixed(nn.Module):
    """A backbone with a given output and given settings."""

    def __init__(self, output, **settings):
        super().__init__()
        self.output = output
        for name, value in settings.items():
            setattr(self, name, value)

    def forward(self, images):
        return self.output


@pytest.mark.parametrize('batch', [1, 2])
def test_a_map_is_read_row_by_row(batch):
    cells = torch.arange(batch * 3 * 2 * 4.0).view(batch, 3, 2, 4)
    pooled, tokens = read_out(nn.Module(), (torch.zeros(1), cells))
    for image in range(batch):
        loop = [cells[image, :, row, column] for row in range(2) for column in range(4)]
        assert_close(tokens[image], torch.stack(loop))
        assert_close(pooled[image], sum(loop) / 8)


def test_a_map_with_channels_last_gives_the_same():
    cells = torch.randn(2, 3, 2, 4)
    timm = with_settings(timm_model=with_settings(output_fmt='NHWC'))
    expected = read_out(nn.Module(), cells)
    assert_close(read_out(timm, cells.permute(0, 2, 3, 1)), expected)


@pytest.mark.parametrize('extra', [1, 2])
def test_a_sequence_gives_its_class_token_and_the_tokens_after(extra):
    sequence = torch.randn(2, extra + 4, 3)
    for backbone in (
        with_settings(num_extra_tokens=extra),
        with_settings(timm_model=with_settings(num_prefix_tokens=extra)),
    ):
        pooled, tokens = read_out(backbone, (sequence,))
        assert_close(pooled, sequence[:, 0])
        assert_close(tokens, sequence[:, extra:])


@pytest.mark.parametrize('batch', [1, 3])
def test_a_vector_is_pooled_and_has_no_tokens(batch):
    vector = torch.randn(batch, 5)
    for output in (vector, (torch.zeros(batch, 2, 2, 2), vector), [vector]):
        pooled, tokens = read_out(nn.Module(), output)
        assert_close(pooled, vector)
        assert tokens is None


@pytest.mark.parametrize(
    ('settings', 'output', 'advice'),
    [
        ({'out_type': 'raw', 'num_extra_tokens': 0}, torch.ones(2, 4, 8), "out_type='featmap'"),
        ({'gap_before_output': True}, torch.ones(2, 4, 8), 'gap_before_output=False'),
        ({}, torch.ones(2, 4, 8), 'other `out_indices` or another backbone'),
        ({}, [[torch.ones(2, 8)]], 'ends in list'),
        ({}, torch.ones(8), r'ends in \(8,\), wanted a map .*, a sequence .*, or a vector'),
    ],
)
def test_any_other_output_is_refused_with_advice(settings, output, advice):
    with pytest.raises(ValueError, match=advice):
        read_out(with_settings(**settings), output)


@pytest.mark.parametrize(
    ('settings', 'output', 'advice'),
    [
        (
            {'gap_before_final_norm': True},
            torch.ones(2, 8),
            r'\(2, 8\).*gap_before_final_norm=False',
        ),
        ({'out_type': 'cls_token'}, torch.ones(2, 8), "out_type='raw'.*or `out_type='featmap'`"),
        ({}, torch.ones(2, 1000), 'other `out_indices` or another backbone'),
    ],
)
def test_one_vector_is_refused_with_advice_where_tokens_are_wanted(settings, output, advice):
    cfg = dict(type=Fixed, output=output, **settings)
    with pytest.raises(ValueError, match=f'{advice}.*with_tokens=False'):
        build_backbone(cfg, with_tokens=True)
    assert build_backbone(cfg)[1] == output.size(1)


@pytest.mark.parametrize(
    ('cfg', 'width'),
    [
        (dict(type='mmpretrain.ResNet', depth=18, stem_channels=4, base_channels=4), 32),
        (dict(type='mmpretrain.VGG', depth=11), 512),
        (dict(VIT, out_type='raw'), 16),
        (dict(VIT, out_type='featmap'), 16),
        (dict(type='mmpretrain.ConvNeXt', arch='atto', gap_before_final_norm=False), 320),
        (dict(type='mmpretrain.TinyViT', arch='5m', gap_before_final_norm=False), 320),
        (dict(type='mmpretrain.ConvNeXt', arch='atto'), 320),
        (VIT, 16),
    ],
)
def test_the_width_is_found_in_any_scope(cfg, width):
    before = dict(cfg)
    with DefaultScope.overwrite_default_scope('pir_mm'):
        backbone, found = build_backbone(cfg)
    assert found == width
    assert cfg == before
    assert backbone.training


def test_a_backbone_without_tokens_is_refused_when_built():
    with pytest.raises(ValueError, match="VisionTransformer ends in .*out_type='raw'"):
        build_backbone(VIT, with_tokens=True)


def test_the_width_of_a_vector_is_found_without_computing(attention_pooled, monkeypatch):
    devices = []
    forward = attention_pooled['type'].forward

    def watched(self, images):
        devices.append(images.device.type)
        return forward(self, images)

    monkeypatch.setattr(attention_pooled['type'], 'forward', watched)
    assert build_backbone(attention_pooled)[1] == 8
    assert devices == ['meta']


class Concrete(nn.BatchNorm2d):
    """Wants real numbers."""

    def __init__(self):
        super().__init__(3)

    def forward(self, images):
        if images.is_meta:
            raise NotImplementedError('no numbers')
        return super().forward(images)


def test_looking_for_the_width_moves_no_weight_and_no_statistic(resnet):
    for cfg in (resnet, dict(type=Concrete)):
        backbone, _ = build_backbone(cfg)
        assert all(p.device.type == 'cpu' for p in backbone.parameters())
        norm = backbone if isinstance(backbone, Concrete) else backbone.bn1
        assert norm.num_batches_tracked == 0
        assert_close(norm.running_var, torch.ones_like(norm.running_var))
