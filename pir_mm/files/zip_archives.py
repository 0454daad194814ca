"""Zip archives of others: names and sizes are checked before anything is read."""

import re
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from pir_mm.files.walking import is_hidden
from pir_mm.files.writing import atomic_file

CUT = (zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError)
"""What opening a damaged archive raises."""
DAMAGED = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError)
"""What reading a damaged member raises."""


def open_zip(path: Path) -> zipfile.ZipFile:
    """Open an archive.

    Raises:
        ValueError: if it is none.
    """
    try:
        return zipfile.ZipFile(path)
    except CUT as error:
        raise ValueError(f'{path} is not a zip archive, or is cut short: {error}') from None


def visible_members(archive: zipfile.ZipFile) -> Iterator[zipfile.ZipInfo]:
    """The files of an archive, without hidden ones.

    Raises:
        ValueError: if the name of a member leads out of the archive.
    """
    for member in archive.infolist():
        inner = inner_path(member)
        if inner.is_absolute() or '..' in inner.parts or re.match('[A-Za-z]:', member.filename):
            raise ValueError(
                f'{archive.filename} has a member that points out of it: {member.filename!r}'
            )
        if not member.is_dir() and not any(is_hidden(part) for part in inner.parts):
            yield member


def inner_path(member: zipfile.ZipInfo) -> PurePosixPath:
    """The path of a member in its archive."""
    return PurePosixPath(member.filename.replace('\\', '/'))


def check_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> None:
    """Raise a ValueError if a member is encrypted or claims more bytes than ``limit``."""
    if member.flag_bits & 1:
        raise ValueError(f'{archive.filename} is encrypted: unpack it and give what is in it')
    if member.file_size > limit:
        raise ValueError(
            f'{archive.filename}: {member.filename} claims {member.file_size} bytes, over {limit}'
        )


def unpack_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, limit: int
) -> None:
    """Unpack one member to ``path``, whole or not at all; the name in the archive has no effect.

    No more bytes than the member claims are ever written.

    Raises:
        ValueError: if it is encrypted, damaged, or claims more bytes than ``limit``.
    """
    check_member(archive, member, limit)
    try:
        with archive.open(member) as source, atomic_file(path) as temporary:
            with temporary.open('wb') as target:
                shutil.copyfileobj(source, target, 2**20)
    except DAMAGED as error:
        raise ValueError(f'{archive.filename}/{member.filename} cannot be read: {error}') from None
