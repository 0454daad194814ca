"""Pictures that cannot be used, and whether preparation may go on without them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

MAX_LISTED = 100


@dataclass
class PictureProblems:
    """Lists of unusable pictures, one list for each kind of problem.

    Args:
        total: number of pictures in the caption file.
        allowed: go on without the unusable pictures. If False, the first problem is an error.
        log: is called with each line for the user.
    """

    total: int
    allowed: bool
    log: Callable[[str], None]
    lists: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, names: Sequence[str]) -> None:
        """Record the pictures that have a problem of one kind, and log them.

        Args:
            kind: the problem as an adjective, such as ``missing``; key of ``lists``, with ``_`` for
                blanks.
            names: the pictures; an empty list is recorded too.

        Raises:
            ValueError: if there are any and ``allowed`` is False, or if no picture is left.
        """
        self.lists[kind.replace(' ', '_')] = list(names)
        if not names:
            return
        for name in names[:MAX_LISTED]:
            self.log(f'{kind}: {name}')
        if len(names) > MAX_LISTED:
            self.log(f'{kind}: {len(names) - MAX_LISTED} more')
        if not self.allowed:
            raise ValueError(
                f'{len(names)} of {self.total} pictures are {kind}, listed above: add them to the '
                'source, or write the rest by --allow-missing'
            )
        if sum(len(unusable) for unusable in self.lists.values()) == self.total:
            raise ValueError(f'none of the {self.total} pictures is left to write')
