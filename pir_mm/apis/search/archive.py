"""The files of an archive, as an index run finds them."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pir_mm.files.checksums import file_sha256
from pir_mm.files.pictures import is_picture
from pir_mm.files.walking import find_files, printable
from pir_mm.search import Stamp


@dataclass(frozen=True)
class FoundFile:
    """A file of an archive; ``reason`` says why it is not even tried."""

    path: str
    stamp: Stamp
    reason: str | None = None


def find_archive(sources: list[Path], leave_out: Path) -> dict[str, FoundFile]:
    """All files of some files and folders by their absolute paths, in one order everywhere.

    A folder that cannot be read, and a file whose name cannot be kept, are among them with a
    reason.

    Raises:
        FileNotFoundError: if a source does not exist.
    """
    found: dict[str, FoundFile] = {}

    def put(path: str, stamp: Stamp, reason: str | None = None) -> None:
        found.setdefault(path, FoundFile(path, stamp, reason))

    def skip_folder(error: OSError) -> None:
        put(printable(error.filename), Stamp(), f'cannot be read: {error.strerror}')

    named = {os.path.abspath(source) for source in sources}
    for file in find_files(sources, [leave_out], skip_folder):
        if printable(file) != str(file):
            put(printable(file), Stamp(), 'name is not in UTF-8: rename it')
        elif is_picture(file) or str(file) in named:
            put(str(file), stamp_of(file))
        else:
            put(str(file), stamp_of(file), f'not a picture: {file.suffix or "no"} ending')
    return found


def stamp_of(path: str | Path, checksum: bool = False) -> Stamp:
    """Size and time of a file; zeros if it is not there, which reading it will tell."""
    try:
        now = os.stat(path)
        digest = file_sha256(Path(path)) if checksum else None
    except OSError:
        return Stamp()
    return Stamp(now.st_size, now.st_mtime_ns, digest)


def lost_files(found: dict[str, FoundFile], known: Iterable[str]) -> tuple[str, ...]:
    """Files of an index that were not found and are not there: their folder may have moved."""
    return tuple(sorted(p for p in known if p not in found and not os.path.lexists(p)))


def refuse_vanished(sources: list[Path], found: dict[str, FoundFile], known: list[str]) -> None:
    """Raise a ValueError if a folder lost all its files: it may not be mounted, or have moved."""
    for source in sources:
        root = os.path.abspath(source) + os.sep
        lost = [path for path in known if path.startswith(root)]
        if lost and not any(path.startswith(root) for path in found):
            raise ValueError(
                f'{source} has no files, but {len(lost)} files of the index were there: mount it, '
                'name its new place by --root, or take them out of the index by --remove'
            )
