"""Swin Transformer weights from Microsoft's names to mmpretrain's."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from pir_mm.models.converters.conversion import Conversion, Piece, collect, count, drop, shape_of

NOT_TAKEN = {
    'made anew': ('*relative_position_index', '*attn_mask'),
    'classifier': ('head.*',),
}
_RENAMED = (
    ('.attn.', '.attn.w_msa.'),
    ('.mlp.fc1.', '.ffn.layers.0.0.'),
    ('.mlp.fc2.', '.ffn.layers.1.'),
)


def is_microsoft_swin(weights: Mapping[str, Tensor]) -> bool:
    """Whether the names are those of Microsoft's Swin Transformer repository."""
    return 'layers.0.blocks.0.attn.qkv.weight' in weights and 'patch_embed.proj.weight' in weights


def from_microsoft_swin(weights: Mapping[str, Tensor]) -> Conversion:
    """A file of Microsoft's, bare of its classifier, for ``mmpretrain.SwinTransformer``."""
    kept, dropped = drop(weights, NOT_TAKEN)
    return collect(swin_config(kept), swin_pieces(kept), dropped)


def swin_to_mmpretrain(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename, and put the merged patches of each down-sampling in mmpretrain's order.

    Microsoft's code stacks the four neighbours one after another, column by column; mmpretrain's
    unfolding interleaves them channel by channel, row by row. Masks, which depend on the picture
    size, are left out, index tables are made anew, a classifier is kept under its name.
    """
    return {piece.name: piece.value for piece in swin_pieces(weights)}


def swin_pieces(weights: Mapping[str, Tensor]) -> Iterator[Piece]:
    """The same with the name that each tensor had."""
    stages = count(weights, 'layers.')
    for name, value in weights.items():
        if name.endswith(('relative_position_index', 'attn_mask')):
            continue
        if '.downsample.' in name:
            value = _interleaved(value, name)
        new = name.replace('patch_embed.proj.', 'patch_embed.projection.')
        if name.startswith('norm.'):
            new = f'norm{stages - 1}.{name.removeprefix("norm.")}'
        if name.startswith('layers.'):
            new = f'stages.{name.removeprefix("layers.")}'
            for old, ours in _RENAMED:
                new = new.replace(old, ours)
        yield Piece(new, value, (name,))
        if new.endswith('relative_position_bias_table'):
            index = position_index(_window(len(value)))
            yield Piece(new.replace('bias_table', 'index'), index, ())


def swin_config(weights: Mapping[str, Tensor]) -> dict:
    """Config of the ``mmpretrain.SwinTransformer`` that has these shapes.

    Raises:
        ValueError: if a tensor that tells a size is missing, or the stages are not four.
    """
    stages = range(count(weights, 'layers.'))
    if len(stages) != 4:
        raise ValueError(f'{len(stages)} stages are no Swin Transformer, wanted 4')
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
        window_size=_window(shape_of(weights, tables[0], 2)[0]),
    )


def position_index(window: int) -> Tensor:
    """Row of the bias table for each pair of cells of a ``window * window`` window."""
    cell = torch.arange(window**2)
    row, column = cell // window, cell % window
    down = row.unsqueeze(1) - row + window - 1
    right = column.unsqueeze(1) - column + window - 1
    return down * (2 * window - 1) + right


def _window(rows: int) -> int:
    """Side of the window whose bias table has so many rows."""
    return (round(rows**0.5) + 1) // 2


def _interleaved(value: Tensor, name: str) -> Tensor:
    """Reorder the last axis ``(4, C)``, neighbours by column, to ``(C, 4)``, by row."""
    if not value.dim() or value.size(-1) % 4:
        raise ValueError(f'{name} is {tuple(value.shape)}, wanted a last axis of four neighbours')
    parts = value.unflatten(-1, (4, -1))[..., [0, 2, 1, 3], :]
    return parts.transpose(-1, -2).flatten(-2)
