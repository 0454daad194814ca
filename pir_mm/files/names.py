"""Names of files: told apart, and short enough for one sentence."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath


def first_few(names: Sequence[str], count: int = 3) -> str:
    """The first ``count`` names and how many more there are; ``'none'`` for an empty list."""
    shown = ', '.join(names[:count]) or 'none'
    return f'{shown} and {len(names) - count} more' if len(names) > count else shown


def shortest_names(paths: Sequence[str]) -> list[str]:
    """For each path its end, as short as tells it apart from the others, whatever the case.

    ``a/x/1.jpg, b/x/1.jpg, b/2.jpg`` becomes ``a/x/1.jpg, b/x/1.jpg, 2.jpg``. Equal paths keep
    equal names.
    """
    parts = {path: PurePosixPath(path.replace('\\', '/')).parts for path in paths}
    names: dict[str, str] = {}
    open_paths, length = list(parts), 1
    while open_paths:
        sharing = defaultdict(list)
        for path in open_paths:
            end = PurePosixPath(*parts[path][-length:]).as_posix()
            names[path] = end
            sharing[end.casefold()].append(path)
        open_paths = [
            path
            for same in sharing.values()
            if len(same) > 1
            for path in same
            if len(parts[path]) > length
        ]
        length += 1
    return [names[path] for path in paths]
