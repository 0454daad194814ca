"""ResNet weights of torchvision, whose names are mmpretrain's."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from pir_mm.models.converters.conversion import Conversion, Piece, collect, count, drop, shape_of

NOT_TAKEN = {'classifier': ('fc.*',)}
_DEPTHS = {
    (False, 2, 2, 2, 2): 18,
    (False, 3, 4, 6, 3): 34,
    (True, 3, 4, 6, 3): 50,
    (True, 3, 4, 23, 3): 101,
    (True, 3, 8, 36, 3): 152,
}


def is_torchvision_resnet(weights: Mapping[str, Tensor]) -> bool:
    """Whether the names are those of torchvision's ResNets."""
    return 'conv1.weight' in weights and 'layer1.0.conv1.weight' in weights


def from_torchvision_resnet(weights: Mapping[str, Tensor]) -> Conversion:
    """A file of torchvision, bare of its classifier, for ``mmpretrain.ResNet``."""
    kept, dropped = drop(weights, NOT_TAKEN)
    pieces = [Piece(name, value, (name,)) for name, value in kept.items()]
    return collect(resnet_config(kept), [*pieces, *counters(pieces)], dropped)


def resnet_config(weights: Mapping[str, Tensor]) -> dict:
    """Config of the ``mmpretrain.ResNet`` that has these shapes.

    Raises:
        ValueError: if there is none.
    """
    blocks = tuple(count(weights, f'layer{stage}.') for stage in (1, 2, 3, 4))
    kind = ('layer1.0.conv3.weight' in weights, *blocks)
    if kind not in _DEPTHS:
        raise ValueError(
            f'{blocks} blocks in four stages are no ResNet of depth 18, 34, 50, 101 or 152'
        )
    return dict(
        type='mmpretrain.ResNet',
        depth=_DEPTHS[kind],
        stem_channels=shape_of(weights, 'conv1.weight', 4)[0],
        base_channels=shape_of(weights, 'layer1.0.conv1.weight', 4)[0],
    )


def counters(pieces: list[Piece]) -> Iterator[Piece]:
    """The counters of batches, which old files lack in every batch norm."""
    names = [piece.name for piece in pieces]
    if not any(name.endswith('num_batches_tracked') for name in names):
        for name in names:
            if name.endswith('running_mean'):
                counter = name.replace('running_mean', 'num_batches_tracked')
                yield Piece(counter, torch.zeros((), dtype=torch.long), ())
