"""EfficientNet-Lite weights of the package efficientnet_lite_pytorch, for timm."""

import re
from collections.abc import Mapping

from torch import Tensor

from pir_mm.models.converters.conversion import Conversion, Piece, collect, count, drop, shape_of

DROPPED = {'classifier': ('_fc.*',)}
# By the number of blocks and the channels that the last of them gives.
_VARIANTS = {
    (16, 320): ('tf_efficientnet_lite0', (1, 2, 2, 3, 3, 4, 1)),
    (21, 320): ('tf_efficientnet_lite1', (1, 3, 3, 4, 4, 5, 1)),
    (21, 352): ('tf_efficientnet_lite2', (1, 3, 3, 4, 4, 5, 1)),
}
_TOP = {'_conv_stem': 'conv_stem', '_bn0': 'bn1', '_conv_head': 'conv_head', '_bn1': 'bn2'}
_FIRST_BLOCK = {  # it widens nothing before its depthwise convolution
    '_depthwise_conv': 'conv_dw', '_bn1': 'bn1', '_project_conv': 'conv_pw', '_bn2': 'bn2',
}  # fmt: skip
_BLOCK = {
    '_expand_conv': 'conv_pw', '_bn0': 'bn1', '_depthwise_conv': 'conv_dw', '_bn1': 'bn2',
    '_project_conv': 'conv_pwl', '_bn2': 'bn3',
}  # fmt: skip


def is_efficientnet_lite(weights: Mapping[str, Tensor]) -> bool:
    """Whether the names are those of Melas-Kyriazi's EfficientNet for PyTorch."""
    return '_conv_stem.weight' in weights and '_conv_head.weight' in weights


def from_efficientnet_lite(weights: Mapping[str, Tensor]) -> Conversion:
    """Convert a file of EfficientNet-Lite 0, 1 or 2 for ``mmpretrain.TIMMBackbone``.

    The classifier is dropped. The weights want images normalised by mean 127 and deviation 128.

    Raises:
        ValueError: if no variant has these blocks, or a tensor that gives a size is missing.
    """
    kept, dropped = drop(weights, DROPPED)
    kind = (count(kept, '_blocks.'), shape_of(kept, '_conv_head.weight', 4)[1])
    if kind not in _VARIANTS:
        raise ValueError(
            f'these weights have {kind[0]} blocks that end in {kind[1]} channels, which is none of '
            'EfficientNet-Lite 0, 1 and 2'
        )
    model, depths = _VARIANTS[kind]
    places = [(stage, block) for stage, depth in enumerate(depths) for block in range(depth)]
    pieces = [
        Piece(f'timm_model.{_timm_name(name, places)}', value, (name,))
        for name, value in kept.items()
    ]
    target = dict(type='mmpretrain.TIMMBackbone', model_name=model)
    notes = ['normalise its images by mean=[127.0] * 3 and std=[128.0] * 3, in RGB']
    return collect(target, pieces, dropped, notes=notes)


def _timm_name(name: str, places: list[tuple[int, int]]) -> str:
    found = re.fullmatch(r'_blocks\.(\d+)\.(\w+)\.(.+)', name)
    if found:
        stage, block = places[int(found[1])]
        part = (_BLOCK if stage else _FIRST_BLOCK).get(found[2], found[2])
        return f'blocks.{stage}.{block}.{part}.{found[3]}'
    part, _, rest = name.partition('.')
    return f'{_TOP.get(part, part)}.{rest}'
