"""Swin Transformer weights from timm's names to mmpretrain's."""

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close

from pir_mm.models.converters.microsoft_swin import from_microsoft_swin
from pir_mm.models.converters.timm_swin import from_timm_swin, is_timm_swin
from tests.models.converters.layout_files import microsoft_swin, timm_swin


def test_differs_from_microsofts_in_names_only():
    ours, theirs = from_timm_swin(timm_swin()), from_microsoft_swin(microsoft_swin())
    assert ours.target == theirs.target
    assert ours.weights.keys() == theirs.weights.keys()
    for name, value in ours.weights.items():
        assert_close(value, theirs.weights[name], atol=0, rtol=0)
    assert ours.sources['stages.0.downsample.norm.bias'] == ('layers.1.downsample.norm.bias',)
    assert ours.dropped == {'classifier': ['head.fc.weight']}


def test_is_told_from_microsofts():
    assert is_timm_swin(timm_swin())
    assert not is_timm_swin(microsoft_swin())


def test_gives_the_numbers_of_timm():
    timm = pytest.importorskip('timm')
    torch.manual_seed(0)
    sizes = dict(embed_dim=4, depths=(1, 1, 2, 1), num_heads=(1, 1, 2, 2), num_classes=3)
    theirs = timm.models.SwinTransformer(img_size=224, window_size=7, **sizes).eval()
    conversion = from_timm_swin(theirs.state_dict())
    backbone = MODELS.build(conversion.target)
    backbone.load_state_dict(conversion.fitted(backbone.state_dict()))
    backbone.eval()
    images = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        expected = theirs.forward_features(images).permute(0, 3, 1, 2)
        assert_close(backbone(images)[-1], expected, atol=1e-4, rtol=0)
