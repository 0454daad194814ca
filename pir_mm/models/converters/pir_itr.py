"""Checkpoints of PIR-ITR's authors (jaychempan/PIR): their names, config and origin."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from pir_mm.files.weights import under_prefix
from pir_mm.models.converters.bert import bert_sizes, checked_heads
from pir_mm.models.converters.conversion import Conversion, Piece, collect, count, drop, shape_of
from pir_mm.models.converters.swin import is_microsoft_swin, swin_config, swin_pieces
from pir_mm.models.converters.torchvision import resnet_config

# The authors' name of each part, and its name in pir_mm.models.PIR.
PIR_ITR_NAMES = {
    'temp': 'head.temperatures.contrastive.value',
    'temp2': 'head.temperatures.affiliation.value',
    'vision_encoder': 'image_encoder.backbone',
    'vision_proj': 'image_encoder.projection',
    'text_encoder': 'text_encoder.bert',
    'text_proj': 'text_encoder.projection',
    'conv_proj': 'instruction_encoder.projection',
    'conv_encoder.0': 'instruction_encoder.backbone.conv1',
    'conv_encoder.1': 'instruction_encoder.backbone.bn1',
    'conv_encoder.4': 'instruction_encoder.backbone.layer1',
    'conv_encoder.5': 'instruction_encoder.backbone.layer2',
    'conv_encoder.6': 'instruction_encoder.backbone.layer3',
    'conv_encoder.7': 'instruction_encoder.backbone.layer4',
    'mapping_img': 'spatial_pae.mapping',
    'img_sa': 'spatial_pae.self_attention',
    'img_ca': 'spatial_pae.cross_attention',
    'mapping_txt': 'temporal_pae.mapping',
    'txt_sa': 'temporal_pae.self_attention',
    'txt_ca': 'temporal_pae.cross_attention',
    'head_img': 'join_image.local',
    'head_txt': 'join_text.local',
}
DROPPED = {
    'made anew': (
        'vision_encoder.*relative_position_index',
        'vision_encoder.*attn_mask',
        'text_encoder.embeddings.position_ids',
    ),
}
# The authors' published settings, for checkpoints that lack them.
PUBLISHED = dict(filter_size=40, head=8, dropout_r=0.2, max_tokens=47, image_res=224)
# Default limits of our temperatures. The authors' temperatures have none.
TEMPERATURE_LIMITS = (0.001, 0.5)


def is_pir_itr(weights: Mapping[str, Tensor]) -> bool:
    """Whether the names are those of the authors' PIR-ITR or of its baseline."""
    encoders = ('vision_encoder.', 'text_encoder.')
    return all(any(name.startswith(encoder) for name in weights) for encoder in encoders)


def from_pir_itr(
    weights: Mapping[str, Tensor], settings: Mapping[str, Any], heads: int | None = None
) -> Conversion:
    """Convert a whole checkpoint of the authors for the :class:`pir_mm.models.PIR` that fits it.

    Args:
        weights: ``model`` of the checkpoint.
        settings: ``config`` of the checkpoint. Only numbers are read from it.
        heads: number of attention heads of BERT, by default its width / 64.

    Raises:
        ValueError: if a weight is not part of PIR-ITR, or as in :func:`pir_itr_config`.
    """
    kept, dropped = drop(weights, DROPPED)
    pieces = list(_pieces(kept))
    model, notes = pir_itr_config(kept, settings, heads)
    return collect(model, pieces, dropped, notes=[*notes, *origin_notes(kept)])


def pir_itr_weights(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of :class:`pir_mm.models.PIR` from the authors', by names alone.

    The image encoder must be a Swin Transformer and the instruction encoder a ResNet. The authors'
    baseline, which has no attention layers of its own, is converted in the same way. The authors'
    model attends to padding, so build PIR with ``mask_padding=False``.

    Args:
        weights: ``checkpoint['model']`` of the authors' file.

    Raises:
        ValueError: if a weight is not part of PIR-ITR, or the image encoder is not a Swin
            Transformer.
    """
    return {piece.name: piece.value for piece in _pieces(drop(weights, DROPPED)[0])}


def _pieces(weights: Mapping[str, Tensor]) -> Iterator[Piece]:
    vision = under_prefix(weights, 'vision_encoder.')
    if not is_microsoft_swin(vision):
        raise ValueError(
            f'none of the {len(weights)} tensors belongs to a Swin Transformer under '
            "`vision_encoder.`, so they are not PIR-ITR's: give the `model` entry of the authors' "
            'checkpoint'
        )
    for name, value, sources in swin_pieces(vision):
        in_file = tuple(f'vision_encoder.{source}' for source in sources)
        yield Piece(f'{PIR_ITR_NAMES["vision_encoder"]}.{name}', value, in_file)
    for name, value in weights.items():
        if name.startswith('vision_encoder.'):
            continue
        if '.linear_k.' in name and name.replace('.linear_k.', '.linear_v.') in weights:
            continue  # joined to its values below
        key = name.replace('.linear_v.', '.linear_k.')
        if key != name and key in weights:
            joined = name.replace('.linear_v.', '.linear_key_value.')
            yield Piece(_pir_name(joined), torch.cat([weights[key], value]), (key, name))
        else:
            yield Piece(_pir_name(name), value, (name,))


def _pir_name(name: str) -> str:
    for part, our_part in PIR_ITR_NAMES.items():
        if name == part or name.startswith(f'{part}.'):
            name = our_part + name.removeprefix(part)
            name = re.sub(r'mhatt(_cross)?\.linear_q\.', 'attention.query.', name)
            return re.sub(r'mhatt(_cross)?\.linear_', 'attention.', name)
    raise ValueError(f'{name} is not a weight of PIR-ITR: is this file from another model?')


def pir_itr_config(
    weights: Mapping[str, Tensor], settings: Mapping[str, Any], heads: int | None
) -> tuple[dict, list[str]]:
    """Config of the :class:`pir_mm.models.PIR` that has these shapes, and notes for the user.

    As in the authors' code, it attends to padding, encodes the texts of a batch in one group and
    has the ``'pir'`` form of the affiliation loss. Sizes are read from the weights, the rest from
    the settings. A setting that is missing takes the value that the authors published.

    Args:
        weights: tensors by the authors' names.
        settings: numbers by the authors' names.
        heads: number of attention heads of BERT, by default its width / 64.

    Raises:
        ValueError: if a tensor that gives a size is missing, or a setting is not a number of the
            right kind or contradicts the weights.
    """
    known, notes = _known_settings(settings)
    dim = shape_of(weights, 'vision_proj.weight', 2)[0]
    backbone = swin_config(under_prefix(weights, 'vision_encoder.'))
    backbone |= dict(img_size=known['image_res'], drop_path_rate=0.1)
    text_encoder, text_notes = _text_encoder(weights, dim, heads)
    model = dict(
        type='pir_mm.PIR',
        text_groups=1,
        **_input_config(known),
        image_encoder=dict(type='pir_mm.ImageEncoder', backbone=backbone, dim=dim),
        text_encoder=text_encoder,
        embedding=dict(type='pir_mm.JoinedEmbedding', dim=dim),
        head=_head(weights, settings),
    )
    layers = {side: count(weights, f'{side}_sa.') for side in ('img', 'txt')}
    found = {'embed_dim': dim, 'instru_num': layers['img'], 'cycle_num': layers['txt']}
    _check_sizes(settings, found)
    if layers['img']:
        model |= _image_parts(weights, known, dim, backbone)
    if layers['txt']:
        temporal = _pae_config('pir_mm.TemporalPAE', weights, 'txt_sa', dim, known)
        model['temporal_pae'] = temporal | dict(mask_padding=False)
    return model, notes + text_notes


def _known_settings(settings: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    known = {name: _number(settings, name, value) for name, value in PUBLISHED.items()}
    missing = [f'{name}={value}' for name, value in known.items() if name not in settings]
    if not missing:
        return known, []
    return known, [f'missing in its config, taken as published: {", ".join(missing)}']


def _text_encoder(
    weights: Mapping[str, Tensor], dim: int, heads: int | None
) -> tuple[dict, list[str]]:
    sizes, notes = bert_sizes(under_prefix(weights, 'text_encoder.')), []
    if heads is None:
        heads = max(1, sizes['hidden_size'] // 64)
        notes = [f'assumed: its BERT has {heads} heads, each 64 wide as in the public ones']
    heads = checked_heads(heads, sizes)
    encoder = dict(type='pir_mm.BertEncoder', dim=dim, heads=heads, mask_padding=False, **sizes)
    return encoder, notes


def _input_config(known: Mapping[str, Any]) -> dict[str, dict]:
    return dict(
        data_preprocessor=dict(
            type='pir_mm.PairPreprocessor',
            mean=[122.771, 116.746, 104.094],
            std=[68.501, 66.632, 70.323],
            to_rgb=True,
        ),
        tokenizer=dict(
            type='pir_mm.WordPieceTokenizer',
            vocab='{{ fileDirname }}/vocab.txt',
            max_tokens=known['max_tokens'],
        ),
    )


def _image_parts(
    weights: Mapping[str, Tensor], known: Mapping[str, Any], dim: int, backbone: dict
) -> dict[str, dict]:
    stride = backbone['patch_size'] * 2 ** (len(backbone['arch']['depths']) - 1)
    tokens = 1 + (known['image_res'] // stride) ** 2
    if known['filter_size'] > tokens:
        raise ValueError(
            f'its config says filter_size={known["filter_size"]}, but an image of '
            f'{known["image_res"]} pixels has {tokens} tokens'
        )
    prior = {_pir_name(n): w for n, w in weights.items() if n.startswith('conv_encoder.')}
    prior = under_prefix(prior, 'instruction_encoder.backbone.')
    return dict(
        instruction_encoder=dict(
            type='pir_mm.InstructionEncoder', backbone=resnet_config(prior), dim=dim
        ),
        selector=dict(type='pir_mm.BeliefSelector', strategy='hard', keep=known['filter_size']),
        spatial_pae=_pae_config('pir_mm.SpatialPAE', weights, 'img_sa', dim, known),
    )


def _pae_config(
    kind: str, weights: Mapping[str, Tensor], part: str, dim: int, known: Mapping[str, Any]
) -> dict:
    if dim % known['head']:
        raise ValueError(f'its config says head={known["head"]}, which does not divide {dim}')
    return dict(
        type=kind,
        dim=dim,
        layers=count(weights, f'{part}.'),
        heads=known['head'],
        dropout=known['dropout_r'],
        mlp_ratio=shape_of(weights, f'{part}.0.ffn.0.weight', 2)[0] // dim,
    )


def _head(weights: Mapping[str, Tensor], settings: Mapping[str, Any]) -> dict[str, Any]:
    losses, temperatures = {}, {}
    if 'temp' in weights:
        losses['contrastive'] = dict(type='pir_mm.ContrastiveLoss', positives='image')
        temperatures['contrastive'] = _temperature(weights, 'temp')
    if 'temp2' in weights:
        losses['affiliation'] = dict(
            type='pir_mm.AffiliationLoss', form='pir', weight=_affiliation_weight(settings)
        )
        temperatures['affiliation'] = _temperature(weights, 'temp2')
    losses = losses or dict(triplet=dict(type='pir_mm.TripletLoss', positives='pair'))
    return dict(type='pir_mm.RetrievalHead', losses=losses, temperatures=temperatures)


def _temperature(weights: Mapping[str, Tensor], name: str) -> dict[str, Any]:
    """Settings of a learnt temperature, with wider limits where its value needs them."""
    value = weights[name].float().mean().item()
    if not 0 < value < float('inf'):
        raise ValueError(f'{name}, a temperature, is {value:g}, wanted a number above 0')
    least, greatest = TEMPERATURE_LIMITS
    if least <= value <= greatest:
        return dict(init=0.07)
    return dict(init=0.07, limits=(min(least, value), max(greatest, value)))


def _affiliation_weight(settings: Mapping[str, Any]) -> float:
    value = settings.get('center_factor', 1)
    if type(value) not in (int, float) or not 0 <= value < float('inf'):
        raise ValueError(
            f'its config says center_factor={value!r:.60}, wanted a number that is 0 or more'
        )
    return float(value)


def _number(settings: Mapping[str, Any], name: str, default: float) -> float:
    """A setting of the same kind as its default: a positive int, or a float from 0 to below 1."""
    value = settings.get(name, default)
    if type(default) is int and type(value) is int and value > 0:
        return value
    if type(default) is float and type(value) in (int, float) and 0 <= value < 1:
        return value
    wanted = 'a whole number above 0' if type(default) is int else 'a number from 0 to below 1'
    raise ValueError(f'its config says {name}={value!r:.60}, wanted {wanted}')


def _check_sizes(settings: Mapping[str, Any], found: Mapping[str, int]) -> None:
    for name, size in found.items():
        if size and _number(settings, name, size) != size:
            raise ValueError(
                f'its config says {name}={settings[name]}, but its weights have {size}'
            )


def origin_notes(weights: Mapping[str, Tensor]) -> list[str]:
    """What the instruction encoder and BERT were before training: random, or pretrained.

    The authors' code loads both in a way that ignores names that do not match, and says nothing.
    Their weights still show what happened:

    - The instruction encoder is frozen. If its batch norm holds only ones and zeros, no training
      ever changed it.
    - Word embeddings that torch has drawn have a standard deviation of 1, trained ones of about
      0.04. The median word counts, because fine-tuning moves the frequent words.

    Args:
        weights: tensors by the authors' names.

    Returns:
        A sentence for each of the two that is there.
    """
    notes = []
    prior = [f'conv_encoder.{name}' for name in ('0.weight', '1.weight', '1.bias')]
    if all(name in weights for name in prior):
        notes.append(_prior_note(*(weights[name].float() for name in prior)))
    words = weights.get('text_encoder.embeddings.word_embeddings.weight')
    if words is not None:
        notes.append(_bert_note(words.float()))
    return notes


def _prior_note(convolution: Tensor, scale: Tensor, shift: Tensor) -> str:
    initial = (2 / (convolution.size(0) * convolution[0, 0].numel())) ** 0.5  # as torchvision draws
    spread = convolution.std().item()
    if not ((scale == 1).all() and (shift == 0).all()):
        return 'its instruction encoder is trained: its batch norm is not only ones and zeros'
    if 0.8 < spread / initial < 1.2:
        return (
            'its instruction encoder is random: its batch norm is only ones and zeros, and its '
            f'first convolution has std {spread:.4f}; weights trained on scenes were not loaded'
        )
    return (
        'its instruction encoder may be random: its batch norm is only ones and zeros, but its '
        f'first convolution has std {spread:.4f} where a random one has {initial:.4f}'
    )


def _bert_note(words: Tensor) -> str:
    spread = words.std(dim=1).median().item()
    if 0.85 < spread < 1.15:
        return f'its BERT started at random: word embeddings with std {spread:.3f}, as torch draws'
    if spread < 0.2:
        return f'its BERT started from trained weights: word embeddings with std {spread:.3f}'
    return (
        f'its BERT started from an unknown state: word embeddings with std {spread:.3f}, where '
        'trained ones have about 0.04 and random ones 1'
    )
