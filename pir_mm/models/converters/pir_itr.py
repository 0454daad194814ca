"""PIR-ITR weights from the names of its authors' code to ours."""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from pir_mm.models.converters.microsoft_swin import is_microsoft_swin, swin_to_mmpretrain

_PARTS = {
    'temp2': 'head.losses.affiliation.temperature.value',
    'temp': 'head.losses.contrastive.temperature.value',
    'vision_proj': 'image_encoder.projection',
    'text_proj': 'text_encoder.projection',
    'conv_proj': 'instruction_encoder.projection',
    'vision_encoder': 'image_encoder.backbone',
    'text_encoder': 'text_encoder.bert',
    'mapping_img': 'spatial_pae.mapping',
    'img_sa': 'spatial_pae.self_attention',
    'img_ca': 'spatial_pae.cross_attention',
    'mapping_txt': 'temporal_pae.mapping',
    'txt_sa': 'temporal_pae.self_attention',
    'txt_ca': 'temporal_pae.cross_attention',
    'head_img': 'head.image_local',
    'head_txt': 'head.text_local',
    'conv_encoder.0': 'instruction_encoder.backbone.conv1',
    'conv_encoder.1': 'instruction_encoder.backbone.bn1',
    'conv_encoder.4': 'instruction_encoder.backbone.layer1',
    'conv_encoder.5': 'instruction_encoder.backbone.layer2',
    'conv_encoder.6': 'instruction_encoder.backbone.layer3',
    'conv_encoder.7': 'instruction_encoder.backbone.layer4',
}


def pir_itr_weights(official: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of :class:`pir_mm.models.PIR` from the authors' (jaychempan/PIR).

    Names and shapes, nothing else: the picture side is a Swin Transformer, the prior a ResNet.
    The authors' model attends to padding and takes its weights best with
    ``mask_padding=False``. Its baseline, which lacks the attention parts, is converted alike.

    Args:
        official: ``checkpoint['model']`` of the authors' files.

    Raises:
        ValueError: if a name is not one of theirs, or the picture side is no Swin Transformer.
    """
    vision = _below(official, 'vision_encoder.')
    if not is_microsoft_swin(vision):
        raise ValueError(
            f'{len(official)} tensors hold no Swin Transformer under `vision_encoder.`, so they '
            "are not PIR-ITR's: give the `model` entry of the authors' checkpoint"
        )
    weights = {f'vision_encoder.{n}': w for n, w in swin_to_mmpretrain(vision).items()}
    weights |= {n: w for n, w in official.items() if not n.startswith('vision_encoder.')}
    ours = {}
    for name, value in weights.items():
        if name.endswith('position_ids') or '.linear_k.' in name:
            continue
        if '.linear_v.' in name:
            value = torch.cat([weights[name.replace('linear_v', 'linear_k')], value])
            name = name.replace('linear_v', 'linear_key_value')
        ours[_our_name(name)] = value
    return ours


def _our_name(name: str) -> str:
    for theirs, ours in _PARTS.items():
        if name == theirs or name.startswith(f'{theirs}.'):
            name = ours + name.removeprefix(theirs)
            name = re.sub(r'mhatt(_cross)?\.linear_q\.', 'attention.query.', name)
            return re.sub(r'mhatt(_cross)?\.linear_', 'attention.', name)
    raise ValueError(f'{name} is no weight of PIR-ITR: is this a file of another model?')


def _below(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): w for n, w in weights.items() if n.startswith(prefix)}
