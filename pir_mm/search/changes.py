"""What has changed between an index and the files of today."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pir_mm.search.tile_table import SourceRow, Stamp


@dataclass(frozen=True)
class Changes:
    """Lists of absolute paths.

    Args:
        new: files that the index does not know, or that had no vector.
        changed: files whose content is another; their tiles are removed and made anew.
        begun: files of which an ended run has tried only some tiles.
        gone: files of the index that are no longer there.
        touched: files with another time but the same content, and their new stamps.
        same: how many files need nothing.
    """

    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    touched: dict[str, Stamp] = field(default_factory=dict)
    same: int = 0

    @property
    def summary(self) -> str:
        """How many files of each kind, in words."""
        counts = {
            'new': len(self.new),
            'changed': len(self.changed),
            'to go on with': len(self.begun),
            'gone': len(self.gone),
            'as before': self.same,
        }
        return ', '.join(f'{count} {kind}' for kind, count in counts.items() if count) or 'no files'


def find_changes(
    known: Sequence[SourceRow],
    found: Mapping[str, Stamp],
    roots: Iterable[str],
    hash_of: Callable[[str], str] | None = None,
) -> Changes:
    """Compare the files of an index with those that were found.

    A file has changed if its size or time has. With ``hash_of`` the content decides, where the
    index has its hash.

    Args:
        known: files of the index, with absolute paths.
        found: files of today, absolute paths and their stamps.
        roots: files and folders that were searched: what the index knows below these and was not
            found is gone.
        hash_of: gives the SHA-256 of a file.
    """
    place = _places()
    rows = {place(row.path): row for row in known}
    changes = Changes()
    same, seen = 0, set()
    for path, stamp in found.items():
        key = place(path)
        seen.add(key)
        row = rows.get(key)
        if row is None or (row.reason is not None and row.windows == 0):
            changes.new.append(path)
            continue
        is_same = (row.stamp.bytes, row.stamp.modified) == (stamp.bytes, stamp.modified)
        if hash_of is not None and row.stamp.bytes == stamp.bytes and row.stamp.sha256 is not None:
            now = hash_of(path)
            if now == row.stamp.sha256 and not is_same:
                changes.touched[path] = Stamp(stamp.bytes, stamp.modified, now)
            is_same = now == row.stamp.sha256
        if not is_same:
            changes.changed.append(path)
        elif not row.is_done:
            changes.begun.append(path)
        else:
            same += 1
    searched = [os.path.realpath(root) if os.path.isdir(root) else place(root) for root in roots]
    gone = [
        row.path
        for key, row in rows.items()
        if key not in seen and any(_is_below(key, root) for root in searched)
    ]
    return Changes(changes.new, changes.changed, changes.begun, gone, changes.touched, same)


def _places() -> Callable[[str], str]:
    """Gives a path through no link but its last part, so that one file has one name."""
    folders: dict[str, str] = {}

    def place(path: str) -> str:
        folder, name = os.path.split(os.path.abspath(path))
        if folder not in folders:
            folders[folder] = os.path.realpath(folder)
        return os.path.join(folders[folder], name)

    return place


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)
