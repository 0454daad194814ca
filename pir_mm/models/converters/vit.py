"""Vision Transformer weights of timm and DeiT, for mmpretrain."""

import re
from collections.abc import Mapping

from torch import Tensor

from pir_mm.models.converters.conversion import Conversion, Piece, collect, count, drop, shape_of

DROPPED = {'classifier': ('head.*',)}
HEAD_WIDTH = 64
_RENAMED = (
    (r'^patch_embed\.proj\.', 'patch_embed.projection.'),
    (r'^norm\.', 'ln1.'),
    (r'^blocks\.(\d+)\.norm([12])\.', r'layers.\1.ln\2.'),
    (r'^blocks\.(\d+)\.mlp\.fc1\.', r'layers.\1.ffn.layers.0.0.'),
    (r'^blocks\.(\d+)\.mlp\.fc2\.', r'layers.\1.ffn.layers.1.'),
    (r'^blocks\.(\d+)\.', r'layers.\1.'),
)


def is_timm_vit(weights: Mapping[str, Tensor]) -> bool:
    """Whether the names are those of timm's Vision Transformers, which DeiT's files have too."""
    return 'blocks.0.attn.qkv.weight' in weights and 'patch_embed.proj.weight' in weights


def from_timm_vit(weights: Mapping[str, Tensor]) -> Conversion:
    """Convert a file of timm's or DeiT's for ``mmpretrain.VisionTransformer``, without classifier.

    A weight that mmpretrain's model does not have, such as a distillation token, is left over.

    Raises:
        ValueError: as in :func:`vit_config`.
    """
    kept, dropped = drop(weights, DROPPED)
    pieces = [Piece(_mmpretrain_name(name), value, (name,)) for name, value in kept.items()]
    target = vit_config(kept)
    heads = target['arch']['num_heads']
    notes = [f'assumed: {heads} heads, each {HEAD_WIDTH} wide; the number is not in the file']
    return collect(target, pieces, dropped, notes=notes)


def vit_config(weights: Mapping[str, Tensor]) -> dict:
    """Config of the ``mmpretrain.VisionTransformer`` that has these shapes.

    Raises:
        ValueError: if a tensor that gives a size is missing, the width is not a multiple of 64, or
            the positions are not a class token and a square.
    """
    width, _, patch, _ = shape_of(weights, 'patch_embed.proj.weight', 4)
    positions = shape_of(weights, 'pos_embed', 3)[1]
    side = round((positions - 1) ** 0.5)
    if side**2 + 1 != positions:
        raise ValueError(f'pos_embed has {positions} positions, wanted a class token and a square')
    if width % HEAD_WIDTH:
        raise ValueError(
            f'patch_embed.proj.weight is {width} wide, wanted a multiple of {HEAD_WIDTH}, the '
            'width of a head'
        )
    return dict(
        type='mmpretrain.VisionTransformer',
        arch=dict(
            embed_dims=width,
            num_layers=count(weights, 'blocks.'),
            num_heads=width // HEAD_WIDTH,
            feedforward_channels=shape_of(weights, 'blocks.0.mlp.fc1.weight', 2)[0],
        ),
        img_size=side * patch,
        patch_size=patch,
        out_type='raw',
    )


def _mmpretrain_name(name: str) -> str:
    for pattern, replacement in _RENAMED:
        name, found = re.subn(pattern, replacement, name)
        if found:
            break
    return name
