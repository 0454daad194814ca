"""A long list of names, short enough for one sentence."""

from collections.abc import Sequence


def first_few(names: Sequence[str], count: int = 3) -> str:
    """The first ``count`` names and how many more there are; ``'none'`` for an empty list."""
    shown = ', '.join(names[:count]) or 'none'
    return f'{shown} and {len(names) - count} more' if len(names) > count else shown
