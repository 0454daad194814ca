"""VGG weights from torchvision's names to mmpretrain's."""

from collections.abc import Iterator, Mapping

from torch import Tensor

from pir_mm.models.converters.conversion import Conversion, Piece, collect, drop
from pir_mm.models.converters.torchvision_resnet import counters

NOT_TAKEN = {'classifier': ('classifier.*',)}
_DEPTHS = {8: 11, 10: 13, 13: 16, 16: 19}  # by the number of convolutions


def is_torchvision_vgg(weights: Mapping[str, Tensor]) -> bool:
    """Whether the names are those of torchvision's VGGs."""
    return 'features.0.weight' in weights


def from_torchvision_vgg(weights: Mapping[str, Tensor]) -> Conversion:
    """A file of torchvision, bare of its classifier, for ``mmpretrain.VGG``.

    Torchvision numbers convolution, batch norm, activation and pooling one after another;
    mmpretrain counts the first three as one.

    Raises:
        ValueError: if the convolutions are not as many as those of VGG-11, 13, 16 or 19.
    """
    kept, dropped = drop(weights, NOT_TAKEN)
    numbers = {int(n.split('.')[1]) for n in kept if n.split('.')[1:2] and _number(n).isdigit()}
    convolutions = sorted(n for n in numbers if _axes(kept, n) == 4)
    if len(convolutions) not in _DEPTHS:
        raise ValueError(f'{len(convolutions)} convolutions are no VGG of depth 11, 13, 16 or 19')
    normed = 'features.1.running_mean' in kept
    places = {}
    for order, number in enumerate(convolutions):
        pooled = number - order * (3 if normed else 2)
        places[number] = f'features.{order + pooled}.conv.'
        if normed:
            places[number + 1] = f'features.{order + pooled}.bn.'
    pieces = list(_pieces(kept, places))
    target = dict(type='mmpretrain.VGG', depth=_DEPTHS[len(convolutions)])
    if normed:
        target['norm_cfg'] = dict(type='BN')
    return collect(target, [*pieces, *counters(pieces)], dropped)


def _pieces(weights: Mapping[str, Tensor], places: Mapping[int, str]) -> Iterator[Piece]:
    for name, value in weights.items():
        leaf = name.split('.', 2)[-1]
        place = places.get(int(_number(name))) if _number(name).isdigit() else None
        known = name.startswith('features.') and place is not None
        yield Piece(place + leaf if known else name, value, (name,))


def _number(name: str) -> str:
    return name.split('.')[1] if name.count('.') else ''


def _axes(weights: Mapping[str, Tensor], number: int) -> int:
    weight = weights.get(f'features.{number}.weight')
    return 0 if weight is None else weight.dim()
