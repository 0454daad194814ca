"""ResNet and VGG weights of torchvision, and the ResNets of RSP with the same names."""

import re
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from pir_mm.models.converters.conversion import Conversion, Piece, collect, count, drop, shape_of

AID_CLASSES = 30
_RESNET_DEPTHS = {  # by bottleneck or not, and blocks in each stage
    (False, 2, 2, 2, 2): 18,
    (False, 3, 4, 6, 3): 34,
    (True, 3, 4, 6, 3): 50,
    (True, 3, 4, 23, 3): 101,
    (True, 3, 8, 36, 3): 152,
}
_VGG_DEPTHS = {8: 11, 10: 13, 13: 16, 16: 19}  # by the number of convolutions


def is_torchvision_resnet(weights: Mapping[str, Tensor]) -> bool:
    """Whether the names are those of torchvision's ResNets."""
    return 'conv1.weight' in weights and 'layer1.0.conv1.weight' in weights


def is_torchvision_vgg(weights: Mapping[str, Tensor]) -> bool:
    """Whether the names are those of torchvision's VGGs."""
    return 'features.0.weight' in weights


def from_torchvision_resnet(weights: Mapping[str, Tensor]) -> Conversion:
    """Convert a file of torchvision for ``mmpretrain.ResNet``, without classifier.

    The two have the same names.

    Raises:
        ValueError: as in :func:`resnet_config`.
    """
    kept, dropped = drop(weights, {'classifier': ('fc.*',)})
    pieces = [Piece(name, value, (name,)) for name, value in kept.items()]
    return collect(resnet_config(kept), [*pieces, *_batch_counters(pieces)], dropped)


def from_rsp_aid(weights: Mapping[str, Tensor]) -> Conversion:
    """Convert a ResNet that was trained on AID for ``mmpretrain.ResNet``, without classifier.

    Wang et al., *An Empirical Study of Remote Sensing Pretraining*, TGRS 2022.

    Args:
        weights: ``model`` of the authors' file.

    Raises:
        ValueError: if there is no classifier, or it does not have the 30 classes of AID.
    """
    classes = shape_of(weights, 'fc.weight', 2)[0]
    if classes != AID_CLASSES:
        raise ValueError(
            f'its classifier has {classes} classes, but AID has {AID_CLASSES}: use the layout '
            'torchvision for a ResNet that was trained on other data'
        )
    return from_torchvision_resnet(weights)


def from_torchvision_vgg(weights: Mapping[str, Tensor]) -> Conversion:
    """Convert a file of torchvision for ``mmpretrain.VGG``, without classifier.

    torchvision gives a number to every convolution, batch norm, activation and pooling.
    mmpretrain gives one number to the first three together.

    Raises:
        ValueError: if no VGG has this number of convolutions.
    """
    kept, dropped = drop(weights, {'classifier': ('classifier.*',)})
    convolutions = _convolution_numbers(kept)
    if len(convolutions) not in _VGG_DEPTHS:
        raise ValueError(
            f'these weights have {len(convolutions)} convolutions, but VGG-11, 13, 16 and 19 have '
            '8, 10, 13 and 16'
        )
    batch_norm = 'features.1.running_mean' in kept
    prefixes = _vgg_prefixes(convolutions, batch_norm)
    pieces = [Piece(_vgg_name(name, prefixes), value, (name,)) for name, value in kept.items()]
    target = dict(type='mmpretrain.VGG', depth=_VGG_DEPTHS[len(convolutions)])
    if batch_norm:
        target['norm_cfg'] = dict(type='BN')
    return collect(target, [*pieces, *_batch_counters(pieces)], dropped)


def resnet_config(weights: Mapping[str, Tensor]) -> dict:
    """Config of the ``mmpretrain.ResNet`` that has these shapes.

    Raises:
        ValueError: if a tensor that gives a size is missing, or no ResNet has these blocks.
    """
    blocks = tuple(count(weights, f'layer{stage}.') for stage in (1, 2, 3, 4))
    kind = ('layer1.0.conv3.weight' in weights, *blocks)
    if kind not in _RESNET_DEPTHS:
        raise ValueError(
            f'these weights have {blocks} blocks in their four stages, which does not fit a '
            'ResNet of depth 18, 34, 50, 101 or 152'
        )
    return dict(
        type='mmpretrain.ResNet',
        depth=_RESNET_DEPTHS[kind],
        stem_channels=shape_of(weights, 'conv1.weight', 4)[0],
        base_channels=shape_of(weights, 'layer1.0.conv1.weight', 4)[0],
    )


def _batch_counters(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """``num_batches_tracked`` of every batch norm, for old files that have none of them."""
    if any(piece.name.endswith('num_batches_tracked') for piece in pieces):
        return
    for name, _, _ in pieces:
        if name.endswith('running_mean'):
            counter = name.replace('running_mean', 'num_batches_tracked')
            yield Piece(counter, torch.zeros((), dtype=torch.long), ())


def _convolution_numbers(weights: Mapping[str, Tensor]) -> list[int]:
    numbers = []
    for name, value in weights.items():
        found = re.fullmatch(r'features\.(\d+)\.weight', name)
        if found and value.dim() == 4:
            numbers.append(int(found[1]))
    return sorted(numbers)


def _vgg_prefixes(convolutions: Sequence[int], batch_norm: bool) -> dict[int, str]:
    """mmpretrain's prefix for each number of torchvision that has weights."""
    prefixes = {}
    for order, number in enumerate(convolutions):
        poolings = number - order * (3 if batch_norm else 2)
        prefixes[number] = f'features.{order + poolings}.conv.'
        if batch_norm:
            prefixes[number + 1] = f'features.{order + poolings}.bn.'
    return prefixes


def _vgg_name(name: str, prefixes: Mapping[int, str]) -> str:
    found = re.fullmatch(r'features\.(\d+)\.(.+)', name)
    if found and int(found[1]) in prefixes:
        return prefixes[int(found[1])] + found[2]
    return name
