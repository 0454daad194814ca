"""PIR-ITR weights from the names of its authors' code to ours."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from pir_mm.files.weights import under_prefix
from pir_mm.models.converters.conversion import Conversion, Piece, collect, drop
from pir_mm.models.converters.microsoft_swin import is_microsoft_swin, swin_pieces
from pir_mm.models.converters.pir_itr_model import pir_itr_model
from pir_mm.models.converters.pir_itr_origin import origin_notes

NOT_TAKEN = {
    'made anew': (
        'vision_encoder.*relative_position_index',
        'vision_encoder.*attn_mask',
        'text_encoder.embeddings.position_ids',
    ),
}
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


def is_pir_itr(weights: Mapping[str, Tensor]) -> bool:
    """Whether the names are those of the authors' PIR-ITR, its baseline included."""
    sides = ('vision_encoder.', 'text_encoder.')
    return all(any(name.startswith(side) for name in weights) for side in sides)


def from_pir_itr(
    weights: Mapping[str, Tensor], settings: Mapping[str, Any], heads: int | None = None
) -> Conversion:
    """A checkpoint of the authors', whole, for the :class:`pir_mm.models.PIR` that fits it.

    Args:
        weights: its ``model``.
        settings: its ``config``, of which numbers are read.
        heads: attention heads of BERT; by default one for each 64 of its width.
    """
    kept, dropped = drop(weights, NOT_TAKEN)
    pieces = list(_pieces(kept))
    model, notes = pir_itr_model(kept, settings, heads)
    return collect(model, pieces, dropped, notes=[*notes, *origin_notes(kept)])


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
    return {piece.name: piece.value for piece in _pieces(drop(official, NOT_TAKEN)[0])}


def _pieces(official: Mapping[str, Tensor]) -> Iterator[Piece]:
    vision = under_prefix(official, 'vision_encoder.')
    if not is_microsoft_swin(vision):
        raise ValueError(
            f'{len(official)} tensors hold no Swin Transformer under `vision_encoder.`, so they '
            "are not PIR-ITR's: give the `model` entry of the authors' checkpoint"
        )
    for name, value, sources in swin_pieces(vision):
        theirs = tuple(f'vision_encoder.{source}' for source in sources)
        yield Piece(f'image_encoder.backbone.{name}', value, theirs)
    for name, value in official.items():
        key = name.replace('.linear_v.', '.linear_k.')
        if name.startswith('vision_encoder.') or _is_joined(name, official):
            continue
        if key != name and key in official:
            joined = name.replace('.linear_v.', '.linear_key_value.')
            yield Piece(_our_name(joined), torch.cat([official[key], value]), (key, name))
        else:
            yield Piece(_our_name(name), value, (name,))


def _is_joined(name: str, official: Mapping[str, Tensor]) -> bool:
    """Keys go with their values into one tensor."""
    return '.linear_k.' in name and name.replace('.linear_k.', '.linear_v.') in official


def _our_name(name: str) -> str:
    for theirs, ours in _PARTS.items():
        if name == theirs or name.startswith(f'{theirs}.'):
            name = ours + name.removeprefix(theirs)
            name = re.sub(r'mhatt(_cross)?\.linear_q\.', 'attention.query.', name)
            return re.sub(r'mhatt(_cross)?\.linear_', 'attention.', name)
    raise ValueError(f'{name} is no weight of PIR-ITR: is this a file of another model?')
