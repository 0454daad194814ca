"""Swin Transformer weights from Microsoft's names to mmpretrain's."""

from collections.abc import Mapping

from torch import Tensor

_RENAMED = (
    ('patch_embed.proj.', 'patch_embed.projection.'),
    ('layers.', 'stages.'),
    ('.attn.', '.attn.w_msa.'),
    ('.mlp.fc1.', '.ffn.layers.0.0.'),
    ('.mlp.fc2.', '.ffn.layers.1.'),
)


def is_microsoft_swin(weights: Mapping[str, Tensor]) -> bool:
    """Whether the names are those of Microsoft's Swin Transformer repository."""
    return 'layers.0.blocks.0.attn.qkv.weight' in weights and 'patch_embed.proj.weight' in weights


def swin_to_mmpretrain(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename, and put the merged patches of each down-sampling in mmpretrain's order.

    Microsoft's code stacks the four neighbours one after another, column by column, mmpretrain's
    unfolding interleaves them channel by channel, row by row. Index tables and masks, which are
    computed from the window size, are left out; any classifier is kept under its name.
    """
    last = 1 + max(int(name.split('.')[1]) for name in weights if name.startswith('layers.'))
    converted = {}
    for name, value in weights.items():
        if name.endswith(('relative_position_index', 'attn_mask')):
            continue
        if '.downsample.' in name:
            value = _interleaved(value)
        if name.startswith('norm.'):
            name = f'norm{last - 1}.{name.removeprefix("norm.")}'
        for old, new in _RENAMED:
            if name.startswith(old) or old.startswith('.'):
                name = name.replace(old, new, 1)
        converted[name] = value
    return converted


def _interleaved(value: Tensor) -> Tensor:
    """Reorder the last axis ``(4, C)``, neighbours by column, to ``(C, 4)``, by row."""
    width = value.size(-1) // 4
    parts = value.unflatten(-1, (4, width))[..., [0, 2, 1, 3], :]
    return parts.transpose(-1, -2).flatten(-2).contiguous()
