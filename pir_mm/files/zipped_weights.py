"""Weight files that their publisher packed into a zip archive."""

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pir_mm.files.names import first_few
from pir_mm.files.zip_archives import (
    CUT,
    inner_path,
    open_zip,
    unpack_member,
    visible_members,
)

ENDINGS = ('.pt', '.pth', '.bin', '.ckpt', '.safetensors')
MOST_PACKED = 20
"""Numbers hardly pack: a weight file that claims to be so many times larger than its archive is
something else."""


def is_zip_of_files(path: Path) -> bool:
    """Whether a file is a zip archive of other files. Torch's weight files are archives too."""
    named_so = path.suffix.lower() == '.zip'
    if not zipfile.is_zipfile(path):
        return named_so
    try:
        with zipfile.ZipFile(path) as archive:
            names = [inner_path(member) for member in archive.infolist()]
    except CUT:
        return named_so
    if any(name.name == 'data.pkl' for name in names):
        return False
    return named_so or any(name.suffix.lower() in ENDINGS for name in names)


def unpack_weights(path: Path, out: Path, name: str = '', limit: int | None = None) -> None:
    """Unpack the one weight file of an archive to ``out``, whole or not at all.

    Args:
        path: of the zip archive.
        out: file to write.
        name: the file's own name in the archive, in whichever folder; by default any that ends as
            weight files do.
        limit: most bytes of the file, where something is known about its size.

    Raises:
        ValueError: if this is no zip archive, if it is damaged or encrypted, if it has no such file
            or several, or if the file is too large to be one.
    """
    with open_zip(path) as archive:
        members = [member for member in visible_members(archive) if _fits(member, name)]
        wanted = name or f'weight file ({", ".join(ENDINGS)})'
        if not members:
            raise ValueError(f'{path} has no {wanted}')
        if len(members) > 1:
            names = [member.filename for member in members]
            raise ValueError(
                f'{path} has more than one {wanted}: {first_few(names)}; unpack it and give one'
            )
        most = MOST_PACKED * path.stat().st_size
        unpack_member(archive, members[0], out, most if limit is None else min(most, limit))


def _fits(member: zipfile.ZipInfo, name: str) -> bool:
    inner = inner_path(member)
    return inner.name == name if name else inner.suffix.lower() in ENDINGS


@contextmanager
def unpacked(path: Path, beside: Path) -> Iterator[Path]:
    """A weight file, or, of a zip archive, the one in it for as long as the body runs.

    Args:
        path: of the file or archive.
        beside: a path on the disk that has room for the file.

    Raises:
        ValueError: as in :func:`unpack_weights`.
    """
    if not path.is_file() or not is_zip_of_files(path):
        yield path
        return
    beside.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix='.unpacked-', dir=beside.parent) as folder:
        file = Path(folder, f'{path.stem}.pth')
        unpack_weights(path, file)
        yield file
