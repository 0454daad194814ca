"""A layout is chosen by name, and a file with another layout is refused."""

import pytest
import torch

from pir_mm.models.converters import LAYOUTS, convert_weights
from tests.models.converters import layout_files

FILES = {
    'microsoft-swin': layout_files.microsoft_swin,
    'timm-swin': layout_files.timm_swin,
    'timm-vit': layout_files.timm_vit,
    'hf-bert': layout_files.hf_bert,
    'torchvision': layout_files.resnet,
    'efficientnet-lite': lambda: layout_files.efficientnet_lite(0),
    'pir-itr': layout_files.pir_itr,
}


@pytest.mark.parametrize('given', FILES)
def test_names_the_layout_to_take(given):
    weights = FILES[given]()
    for layout in LAYOUTS.keys() - {given, 'rsp-aid'}:
        with pytest.raises(ValueError, match=rf'layout {layout} is for .* take the layout {given}'):
            convert_weights(layout, weights, {})


def test_a_resnet_fits_two_layouts():
    with pytest.raises(ValueError, match='take the layout torchvision or rsp-aid'):
        convert_weights('hf-bert', layout_files.resnet(), {})


def test_unknown_names_are_shown():
    with pytest.raises(ValueError, match='belong to no known layout: visual.proj, scale$'):
        convert_weights('hf-bert', {'visual.proj': torch.ones(1), 'scale': torch.ones(1)}, {})
    with pytest.raises(ValueError, match="layout 'meta' is unknown, wanted one of microsoft-"):
        convert_weights('meta', {}, {})


def test_heads_are_for_bert():
    with pytest.raises(
        ValueError, match='--bert-heads is for hf-bert and pir-itr, not for torchvision'
    ):
        convert_weights('torchvision', layout_files.resnet(), {}, bert_heads=4)
    assert convert_weights('hf-bert', layout_files.hf_bert(), {}, bert_heads=4).target['heads'] == 4
    with pytest.raises(ValueError, match='0 heads do not divide the width 16'):
        convert_weights('hf-bert', layout_files.hf_bert(), {}, bert_heads=0)
