"""Members of many groups, those of a few groups at a time."""

from torch import Tensor


def group_blocks(group: Tensor, most: int) -> tuple[Tensor, ...]:
    """Positions ``(p,)`` long of the members of ``most`` groups at a time, group by group.

    Args:
        group: ``(P,)`` long, the group of each member. Groups come in the order of their numbers,
            and the members of a group in their own order.
        most: groups of a block; the last may have fewer.
    """
    _, number = group.unique(return_inverse=True)
    return number.argsort(stable=True).split((number // most).bincount().tolist())
