"""Texts in groups of similar length, which saves the padding of the short ones."""

from torch import Tensor

MIN_GROUP = 16
"""Smallest group of texts: smaller ones cost more in calls than they save in padding."""


def length_groups(text_length: Tensor, groups: int) -> list[tuple[slice, int]]:
    """Rows of each group, and the length of its longest text.

    Args:
        text_length: ``(M,)`` tokens of each text, on the CPU, not decreasing.
        groups: most groups, of about equally many texts; few texts make fewer groups.

    Returns:
        Slices that follow one another, with all rows; none for no text.
    """
    lengths = text_length.tolist()
    groups = max(1, min(groups, len(lengths) // MIN_GROUP))
    size = max(1, -(-len(lengths) // groups))
    slices = [slice(start, start + size) for start in range(0, len(lengths), size)]
    return [(rows, lengths[rows][-1]) for rows in slices]
