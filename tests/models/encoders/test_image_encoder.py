"""Images to a pooled vector and tokens."""

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close


def build(backbone, **settings):
    return MODELS.build(dict(type='pir_mm.ImageEncoder', backbone=backbone, dim=6, **settings))


def scaled(module, factor=0.5):
    """Weights that no initialisation gives."""
    return {
        name: value * factor if value.is_floating_point() else value
        for name, value in module.state_dict().items()
    }


@pytest.mark.parametrize('batch', [1, 3])
def test_projects_every_cell_and_their_mean(resnet, batch):
    encoder, images = build(resnet).eval(), torch.randn(batch, 3, 64, 64)
    pooled, tokens = encoder(images)
    cells = encoder.backbone(images)[-1]
    weight, bias = encoder.projection.weight, encoder.projection.bias
    assert tokens.shape == (batch, 4, 6)
    assert_close(tokens[:, 1], cells[:, :, 0, 1] @ weight.T + bias)
    assert_close(tokens[:, 2], cells[:, :, 1, 0] @ weight.T + bias)
    assert_close(pooled, tokens.mean(dim=1))


def test_images_with_channels_last_give_the_same(resnet):
    encoder, images = build(resnet).eval(), torch.randn(2, 3, 64, 64)
    channels_last = images.contiguous(memory_format=torch.channels_last)
    assert_close(encoder(channels_last), encoder(images))


def test_trains_backbone_and_projection(resnet):
    encoder = build(resnet)
    pooled, tokens = encoder(torch.randn(2, 3, 64, 64))
    (pooled.sum() + tokens.square().sum()).backward()
    assert all(p.grad is not None for p in encoder.parameters())


@pytest.mark.parametrize('batch', [1, 3])
def test_a_vector_is_projected_and_has_no_tokens(attention_pooled, batch):
    encoder, images = build(attention_pooled, with_tokens=False), torch.randn(batch, 3, 64, 64)
    pooled, tokens = encoder.eval()(images)
    weight, bias = encoder.projection.weight, encoder.projection.bias
    assert_close(pooled, encoder.backbone(images) @ weight.T + bias)
    assert tokens is None
    pooled.sum().backward()
    assert all(p.grad is not None for p in encoder.parameters())


def test_tokens_that_no_part_uses_are_not_given(resnet):
    encoder, images = build(resnet, with_tokens=False).eval(), torch.randn(2, 3, 64, 64)
    pooled, tokens = encoder(images)
    assert_close(pooled, encoder.projection(encoder.backbone(images)[-1].mean(dim=(2, 3))))
    assert tokens is None


def test_a_backbone_without_tokens_is_refused_unless_that_is_wanted(attention_pooled):
    message = 'AttentionPooledNet ends in one vector .*another backbone, or `with_tokens=False`'
    with pytest.raises(ValueError, match=message):
        build(attention_pooled)
    convnext = dict(type='mmpretrain.ConvNeXt', arch='atto')
    with pytest.raises(ValueError, match='gap_before_final_norm=False.*with_tokens=False'):
        build(convnext)
    assert build(convnext, with_tokens=False).projection.in_features == 320


@pytest.mark.parametrize('prefix', ['', 'backbone.'])
def test_starts_from_a_file(resnet, tmp_path, prefix):
    wanted = scaled(build(resnet).backbone)
    content = {prefix + name: value for name, value in wanted.items()}
    content['head.fc.weight' if prefix else 'fc.weight'] = torch.ones(2, 2)
    torch.save({'state_dict': content}, tmp_path / 'w.pth')
    encoder = build(resnet, init=str(tmp_path / 'w.pth'))
    assert not torch.equal(encoder.backbone.conv1.weight, wanted['conv1.weight'])
    encoder.init_weights()
    for name, value in encoder.backbone.state_dict().items():
        assert_close(value, wanted[name])


def test_index_tables_need_not_be_in_the_file(swin, tmp_path):
    wanted = scaled(build(swin).backbone)
    torch.save({n: w for n, w in wanted.items() if 'index' not in n}, tmp_path / 'w.pth')
    encoder = build(swin, init=str(tmp_path / 'w.pth'))
    encoder.init_weights()
    assert_close(encoder.backbone.norm3.weight, wanted['norm3.weight'])


def test_says_what_is_missing_and_what_to_do(resnet, tmp_path):
    torch.save({'conv1.weight': torch.ones(4, 3, 7, 7)}, tmp_path / 'w.pth')
    advice = 'model.image_encoder.init=random'
    with pytest.raises(ValueError, match=rf'1 of its \d+ tensors .*bn1.weight.*{advice}'):
        build(resnet, init=str(tmp_path / 'w.pth')).init_weights()
    with pytest.raises(FileNotFoundError, match=rf'none.pth does not exist.*{advice}'):
        build(resnet, init=str(tmp_path / 'none.pth')).init_weights()


def test_without_a_width_it_gives_what_the_backbone_gives(resnet):
    encoder, images = build(resnet).eval(), torch.randn(2, 3, 64, 64)
    plain = MODELS.build(dict(type='pir_mm.ImageEncoder', backbone=resnet, dim=None, frozen=True))
    plain.eval().backbone.load_state_dict(encoder.backbone.state_dict())
    pooled, tokens = plain(images)
    assert_close(encoder.projection(tokens), encoder(images)[1])
    assert encoder.width == 6 and plain.width == pooled.size(-1) == 32
    features = [part.bfloat16() for part in plain.frozen_output(images)]
    assert_close(plain(features=features)[1], tokens, atol=0.1, rtol=0.02)
