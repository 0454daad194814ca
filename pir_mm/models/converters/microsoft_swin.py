"""Swin Transformer weights from Microsoft's names to mmpretrain's."""

from collections.abc import Mapping

import torch
from torch import Tensor

_RENAMED = (
    ('.attn.', '.attn.w_msa.'),
    ('.mlp.fc1.', '.ffn.layers.0.0.'),
    ('.mlp.fc2.', '.ffn.layers.1.'),
)


def is_microsoft_swin(weights: Mapping[str, Tensor]) -> bool:
    """Whether the names are those of Microsoft's Swin Transformer repository."""
    return 'layers.0.blocks.0.attn.qkv.weight' in weights and 'patch_embed.proj.weight' in weights


def swin_to_mmpretrain(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename, and put the merged patches of each down-sampling in mmpretrain's order.

    Microsoft's code stacks the four neighbours one after another, column by column; mmpretrain's
    unfolding interleaves them channel by channel, row by row. Masks, which depend on the picture
    size, are left out, index tables are made anew, a classifier is kept under its name.
    """
    stages = 1 + max(int(name.split('.')[1]) for name in weights if name.startswith('layers.'))
    converted = {}
    for name, value in weights.items():
        if name.endswith(('relative_position_index', 'attn_mask')):
            continue
        if '.downsample.' in name:
            value = _interleaved(value)
        new = name.replace('patch_embed.proj.', 'patch_embed.projection.')
        if name.startswith('norm.'):
            new = f'norm{stages - 1}.{name.removeprefix("norm.")}'
        if name.startswith('layers.'):
            new = f'stages.{name.removeprefix("layers.")}'
            for old, ours in _RENAMED:
                new = new.replace(old, ours)
        converted[new] = value
        if new.endswith('relative_position_bias_table'):
            window = (round(len(value) ** 0.5) + 1) // 2
            converted[new.replace('bias_table', 'index')] = position_index(window)
    return converted


def position_index(window: int) -> Tensor:
    """Row of the bias table for each pair of cells of a ``window * window`` window."""
    cell = torch.arange(window**2)
    row, column = cell // window, cell % window
    down = row.unsqueeze(1) - row + window - 1
    right = column.unsqueeze(1) - column + window - 1
    return down * (2 * window - 1) + right


def _interleaved(value: Tensor) -> Tensor:
    """Reorder the last axis ``(4, C)``, neighbours by column, to ``(C, 4)``, by row."""
    parts = value.unflatten(-1, (4, -1))[..., [0, 2, 1, 3], :]
    return parts.transpose(-1, -2).flatten(-2)
