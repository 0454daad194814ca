"""The config of a PIR-ITR model from the shapes and settings of its authors' checkpoint."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from pir_mm.files.weights import under_prefix
from pir_mm.models.converters.conversion import count, shape_of
from pir_mm.models.converters.hf_bert import bert_sizes, checked_heads
from pir_mm.models.converters.microsoft_swin import swin_config
from pir_mm.models.converters.torchvision_resnet import resnet_config

# What the authors' published settings say.
PUBLISHED = dict(filter_size=40, head=8, dropout_r=0.2, max_tokens=47, image_res=224)
_STAGES = {
    '0.': 'conv1.',
    '1.': 'bn1.',
    '4.': 'layer1.',
    '5.': 'layer2.',
    '6.': 'layer3.',
    '7.': 'layer4.',
}


def pir_itr_model(
    weights: Mapping[str, Tensor], settings: Mapping[str, Any], heads: int | None
) -> tuple[dict, list[str]]:
    """Config of the :class:`pir_mm.models.PIR` of these weights, and notes on it.

    Attends to padding, encodes a batch of texts in one group and has the affiliation loss of the
    authors' code. What the shapes do not tell is read from the settings; what these lack is as
    the authors published it.

    Raises:
        ValueError: if a setting is no number of its kind, or contradicts the shapes.
    """
    known = {name: _number(settings, name, value) for name, value in PUBLISHED.items()}
    assumed = [f'{name}={value}' for name, value in known.items() if name not in settings]
    notes = [f'its config does not say, taken as published: {", ".join(assumed)}'] * bool(assumed)
    dim = shape_of(weights, 'vision_proj.weight', 2)[0]
    swin = swin_config(under_prefix(weights, 'vision_encoder.'))
    swin |= dict(img_size=known['image_res'], drop_path_rate=0.1)
    sizes = bert_sizes(under_prefix(weights, 'text_encoder.'))
    if heads is None:
        heads = max(1, sizes['hidden_size'] // 64)
        notes.append(f'its BERT is taken to have {heads} heads, 64 wide as the public ones')
    heads = checked_heads(heads, sizes)
    model = dict(
        type='pir_mm.PIR',
        text_groups=1,
        data_preprocessor=dict(
            type='mmpretrain.MultiModalDataPreprocessor',
            mean=[122.771, 116.746, 104.094],
            std=[68.501, 66.632, 70.323],
            to_rgb=True,
        ),
        tokenizer=dict(
            type='pir_mm.WordPieceTokenizer',
            vocab='{{ fileDirname }}/vocab.txt',
            max_tokens=known['max_tokens'],
        ),
        image_encoder=dict(type='pir_mm.ImageEncoder', backbone=swin, dim=dim),
        text_encoder=dict(
            type='pir_mm.BertEncoder', dim=dim, heads=heads, mask_padding=False, **sizes
        ),
        head=dict(type='pir_mm.RetrievalHead', dim=dim, losses=_losses(weights, settings)),
    )
    layers = {side: count(weights, f'{side}_sa.') for side in ('img', 'txt')}
    told = {'embed_dim': dim, 'instru_num': layers['img'], 'cycle_num': layers['txt']}
    for name, found in told.items():
        if found and _number(settings, name, found) != found:
            raise ValueError(f'its config says {name}={settings[name]}, its weights {found}')
    if layers['img']:
        model |= _spatial_parts(weights, known, dim, swin)
    if layers['txt']:
        temporal = _encoder('pir_mm.TemporalPAE', weights, 'txt_sa', dim, known)
        model['temporal_pae'] = temporal | dict(mask_padding=False)
    return model, notes


def _spatial_parts(weights: Mapping[str, Tensor], known: dict, dim: int, swin: dict) -> dict:
    cell = swin['patch_size'] * 2 ** (len(swin['arch']['depths']) - 1)
    tokens = 1 + (known['image_res'] // cell) ** 2
    if known['filter_size'] > tokens:
        raise ValueError(
            f'its config says filter_size={known["filter_size"]}, but a picture of '
            f'{known["image_res"]} pixels has {tokens} tokens'
        )
    prior = under_prefix(weights, 'conv_encoder.')
    prior = {_STAGES.get(name[:2], name[:2]) + name[2:]: w for name, w in prior.items()}
    return dict(
        instruction_encoder=dict(
            type='pir_mm.InstructionEncoder', backbone=resnet_config(prior), dim=dim
        ),
        selector=dict(type='pir_mm.BeliefSelector', strategy='hard', keep=known['filter_size']),
        spatial_pae=_encoder('pir_mm.SpatialPAE', weights, 'img_sa', dim, known),
    )


def _encoder(kind: str, weights: Mapping[str, Tensor], part: str, dim: int, known: dict) -> dict:
    inner = shape_of(weights, f'{part}.0.ffn.0.weight', 2)[0]
    if dim % known['head']:
        raise ValueError(f'its config says head={known["head"]}, which does not divide {dim}')
    return dict(
        type=kind,
        dim=dim,
        layers=count(weights, f'{part}.'),
        heads=known['head'],
        dropout=known['dropout_r'],
        mlp_ratio=inner // dim,
    )


def _losses(weights: Mapping[str, Tensor], settings: Mapping[str, Any]) -> dict[str, dict]:
    losses = {}
    if 'temp' in weights:
        losses['contrastive'] = dict(type='pir_mm.ContrastiveLoss', **_temperature(weights, 'temp'))
    if 'temp2' in weights:
        losses['affiliation'] = dict(
            type='pir_mm.AffiliationLoss',
            form='pir',
            weight=_weight(settings),
            **_temperature(weights, 'temp2'),
        )
    return losses or dict(triplet=dict(type='pir_mm.TripletLoss'))


def _temperature(weights: Mapping[str, Tensor], name: str) -> dict[str, Any]:
    """Learnt, as the authors do without limits: ours are widened where theirs has left them."""
    value = weights[name].float().mean().item()
    if not 0 < value < float('inf'):
        raise ValueError(f'{name}, a temperature, is {value:g}, wanted a number above 0')
    least, greatest = 0.001, 0.5
    if least <= value <= greatest:
        return dict(temperature=0.07)
    return dict(temperature=0.07, limits=(min(least, value), max(greatest, value)))


def _weight(settings: Mapping[str, Any]) -> float:
    value = settings.get('center_factor', 1)
    if type(value) not in (int, float) or not 0 <= value < float('inf'):
        raise ValueError(f'its config says center_factor={value!r:.60}, wanted a number from 0 up')
    return float(value)


def _number(settings: Mapping[str, Any], name: str, published: float) -> float:
    value = settings.get(name, published)
    if type(published) is int and type(value) is int and value > 0:
        return value
    if type(published) is float and type(value) in (int, float) and 0 <= value < 1:
        return value
    wanted = 'a whole number above 0' if type(published) is int else 'a number from 0 to below 1'
    raise ValueError(f'its config says {name}={value!r:.60}, wanted {wanted}')
