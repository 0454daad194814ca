"""What of a data set is missing or broken, and whether that stops its preparation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

LISTED = 100


@dataclass
class Account:
    """Lists of what is lacking, by kind; ``allowed`` decides whether that is an error.

    Args:
        total: pictures of the caption file.
        allowed: go on without what is lacking.
        say: called with each line for the user.
    """

    total: int
    allowed: bool
    say: Callable[[str], None]
    lists: dict[str, list] = field(default_factory=dict)

    def note(self, kind: str, names: Sequence[str]) -> None:
        """Record pictures that are ``kind``, and list them.

        Raises:
            ValueError: if there are any and that is not allowed, or if no picture is left.
        """
        self.lists[kind.replace(' ', '_')] = list(names)
        if not names:
            return
        for name in names[:LISTED]:
            self.say(f'{kind}: {name}')
        if len(names) > LISTED:
            self.say(f'{kind}: {len(names) - LISTED} more')
        if not self.allowed:
            raise ValueError(
                f'{len(names)} of {self.total} pictures are {kind}, listed above: add them to the '
                'source, or write the rest by --allow-missing'
            )
        if sum(len(lacking) for lacking in self.lists.values()) == self.total:
            raise ValueError(f'none of the {self.total} pictures is left to write')
