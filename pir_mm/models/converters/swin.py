"""Swin Transformer weights, by Microsoft's or timm's names, for mmpretrain."""

import re
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from pir_mm.models.converters.conversion import Conversion, Piece, collect, count, drop, shape_of

DROPPED = {
    'made anew': ('*relative_position_index', '*attn_mask'),
    'classifier': ('head.*',),
}
_RENAMED = (
    ('.attn.', '.attn.w_msa.'),
    ('.mlp.fc1.', '.ffn.layers.0.0.'),
    ('.mlp.fc2.', '.ffn.layers.1.'),
)


def is_microsoft_swin(weights: Mapping[str, Tensor]) -> bool:
    """Whether the names are those of Microsoft's Swin Transformer repository, or timm's."""
    return 'layers.0.blocks.0.attn.qkv.weight' in weights and 'patch_embed.proj.weight' in weights


def is_timm_swin(weights: Mapping[str, Tensor]) -> bool:
    """Whether the names are those of timm since version 0.9.

    They differ from Microsoft's in one point: the down-sampling between two stages belongs to the
    later stage, and so the last stage has one.
    """
    last = f'layers.{count(weights, "layers.") - 1}.downsample.'
    return is_microsoft_swin(weights) and any(name.startswith(last) for name in weights)


def from_microsoft_swin(weights: Mapping[str, Tensor]) -> Conversion:
    """Convert a file of Microsoft's for ``mmpretrain.SwinTransformer``, without classifier."""
    kept, dropped = drop(weights, DROPPED)
    return collect(swin_config(kept), swin_pieces(kept), dropped)


def from_timm_swin(weights: Mapping[str, Tensor]) -> Conversion:
    """Convert a file of timm's for ``mmpretrain.SwinTransformer``, without classifier."""
    kept, dropped = drop(weights, DROPPED)
    timm_names = {_microsoft_name(name): name for name in kept}
    renamed = {name: kept[timm_name] for name, timm_name in timm_names.items()}
    pieces = [
        Piece(name, value, tuple(timm_names[source] for source in sources))
        for name, value, sources in swin_pieces(renamed)
    ]
    return collect(swin_config(renamed), pieces, dropped)


def swin_to_mmpretrain(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights by Microsoft's names, converted to mmpretrain's.

    The down-sampling layers also change their order. Microsoft's code concatenates the four
    neighbours one after another, column by column. mmpretrain's unfolding interleaves them channel
    by channel, row by row.

    Attention masks are left out, because they depend on the image size. The index tables are
    computed. A classifier keeps its name.
    """
    return {piece.name: piece.value for piece in swin_pieces(weights)}


def swin_pieces(weights: Mapping[str, Tensor]) -> Iterator[Piece]:
    """The same as :func:`swin_to_mmpretrain`, with the names in the file."""
    stages = count(weights, 'layers.')
    for source, value in weights.items():
        if source.endswith(('relative_position_index', 'attn_mask')):
            continue
        if '.downsample.' in source:
            value = _interleaved(value, source)
        name = _mmpretrain_name(source, stages)
        yield Piece(name, value, (source,))
        if name.endswith('relative_position_bias_table'):
            index = relative_position_index(_window_size(len(value)))
            yield Piece(name.replace('bias_table', 'index'), index, ())


def swin_config(weights: Mapping[str, Tensor]) -> dict:
    """Config of the ``mmpretrain.SwinTransformer`` that has these shapes.

    Args:
        weights: tensors by Microsoft's names.

    Raises:
        ValueError: if a tensor that gives a size is missing, or there are not four stages.
    """
    stages = range(count(weights, 'layers.'))
    if len(stages) != 4:
        raise ValueError(f'a Swin Transformer has 4 stages, these weights have {len(stages)}')
    tables = [f'layers.{i}.blocks.0.attn.relative_position_bias_table' for i in stages]
    width, _, patch, _ = shape_of(weights, 'patch_embed.proj.weight', 4)
    return dict(
        type='mmpretrain.SwinTransformer',
        arch=dict(
            embed_dims=width,
            depths=[count(weights, f'layers.{stage}.blocks.') for stage in stages],
            num_heads=[shape_of(weights, table, 2)[1] for table in tables],
        ),
        patch_size=patch,
        window_size=_window_size(shape_of(weights, tables[0], 2)[0]),
    )


def relative_position_index(window: int) -> Tensor:
    """Row of the bias table for each pair of tokens in a window.

    Args:
        window: side of the window in tokens.

    Returns:
        ``(window ** 2, window ** 2)`` long.
    """
    cell = torch.arange(window**2)
    row, column = cell // window, cell % window
    down = row.unsqueeze(1) - row + window - 1
    right = column.unsqueeze(1) - column + window - 1
    return down * (2 * window - 1) + right


def _microsoft_name(name: str) -> str:
    return re.sub(
        r'^layers\.(\d+)\.downsample\.',
        lambda found: f'layers.{int(found[1]) - 1}.downsample.',
        name,
    )


def _mmpretrain_name(name: str, stages: int) -> str:
    if name.startswith('norm.'):
        return f'norm{stages - 1}.{name.removeprefix("norm.")}'
    if not name.startswith('layers.'):
        return name.replace('patch_embed.proj.', 'patch_embed.projection.')
    name = f'stages.{name.removeprefix("layers.")}'
    for old, new in _RENAMED:
        name = name.replace(old, new)
    return name


def _window_size(rows: int) -> int:
    """Side of the window, from the number of rows in its bias table."""
    return (round(rows**0.5) + 1) // 2


def _interleaved(value: Tensor, name: str) -> Tensor:
    """Change the last axis from ``(4, C)``, neighbours by column, to ``(C, 4)``, by row."""
    if not value.dim() or value.size(-1) % 4:
        raise ValueError(
            f'{name} is {tuple(value.shape)}, wanted a last axis that is a multiple of 4'
        )
    parts = value.unflatten(-1, (4, -1))[..., [0, 2, 1, 3], :]
    return parts.transpose(-1, -2).flatten(-2)
