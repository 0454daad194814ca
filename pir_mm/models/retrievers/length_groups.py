"""Texts of like length together, so that little padding is computed."""

from collections.abc import Callable

import torch
from torch import Tensor

FEWEST = 16
"""Texts of a group at least: smaller ones cost more in calls than they save in padding."""


def encode_in_length_groups(
    encode: Callable[[Tensor, Tensor], Tensor], token_ids: Tensor, token_mask: Tensor, groups: int
) -> Tensor:
    """What ``encode(token_ids, token_mask)`` gives, computed in groups of like length.

    Each group is cut to its own longest text. The result is the same where padding takes no part
    in what a text is encoded to.

    Args:
        encode: ids and mask ``(m, l)`` to ``(m, D)``, each row by itself.
        token_ids: ``(M, L)``, padded on the right.
        token_mask: ``(M, L)`` bool.
        groups: how many at most, of about equally many texts.

    Returns:
        ``(M, D)``, in the order of ``token_ids``.
    """
    groups = min(groups, len(token_ids) // FEWEST)
    if groups < 2:
        return encode(token_ids, token_mask)
    lengths = token_mask.sum(dim=1)
    order = lengths.argsort(stable=True)
    parts = []
    for rows in order.chunk(groups):
        longest = int(lengths[rows[-1]])
        parts.append(encode(token_ids[rows, :longest], token_mask[rows, :longest]))
    return torch.cat(parts)[order.argsort()]
