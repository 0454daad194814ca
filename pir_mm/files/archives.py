"""Pictures below a folder, loose or in zip archives, found by file name."""

import os
import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pir_mm.files.pictures import is_picture
from pir_mm.files.walking import find_files, is_hidden

MAX_BYTES = 512 * 2**20


@dataclass(frozen=True)
class Picture:
    """A picture file: its container (a folder or a zip), its path in it, its size in bytes."""

    container: Path
    member: str
    size: int

    @property
    def name(self) -> str:
        return PurePosixPath(self.member.replace('\\', '/')).name

    def __str__(self) -> str:
        return f'{self.container}/{self.member}'


class PictureStore:
    """All pictures below ``source``; ``skip`` is left out.

    Members of archives are checked before anything is read: a path that leaves the archive, an
    encrypted member or a picture above 512 MiB refuses the archive.

    Raises:
        FileNotFoundError: if ``source`` is not a folder.
        ValueError: for a bad archive.
    """

    def __init__(self, source: Path, skip: Path) -> None:
        if not source.is_dir():
            raise FileNotFoundError(
                f'the source {source} is not a folder: give the one with the data'
            )
        self.archives: dict[Path, zipfile.ZipFile] = {}
        self._by_name: dict[str, list[Picture]] = defaultdict(list)
        self._by_stem: dict[str, list[Picture]] = defaultdict(list)
        pictures: list[Picture] = []
        source = Path(os.path.abspath(source))
        for path in find_files([source], leave_out=[skip]):
            if path.suffix.lower() == '.zip':
                self.archives[path] = _open_archive(path)
                pictures += _members(path, self.archives[path])
            elif is_picture(path):
                member = path.relative_to(source).as_posix()
                pictures.append(Picture(source, member, path.stat().st_size))
        for picture in pictures:
            self._by_name[picture.name].append(picture)
            self._by_stem[PurePosixPath(picture.name).stem.lower()].append(picture)

    def __len__(self) -> int:
        return sum(len(pictures) for pictures in self._by_name.values())

    def find(self, filename: str) -> Picture | None:
        """The picture of this name, else the one of this stem (``1.jpg`` for ``1.tif``), else None.

        Raises:
            ValueError: if there are several, with different content.
        """
        path = PurePosixPath(filename)
        found = self._by_name.get(path.name) or self._by_stem.get(path.stem.lower(), [])
        if len(found) > 1:
            inside = [p for p in found if f'/{p.member}'.endswith(f'/{filename}')]
            found = inside or found
        if len(found) > 1 and len({(p.size, zlib.crc32(self.read(p))) for p in found}) > 1:
            raise ValueError(
                f'{filename} is there more than once, with different content: {found[0]} and '
                f'{found[1]}; keep one, or rename them'
            )
        return found[0] if found else None

    def read(self, picture: Picture) -> bytes:
        """Content of a picture file."""
        archive = self.archives.get(picture.container)
        try:
            if archive is None:
                return (picture.container / picture.member).read_bytes()
            return archive.read(picture.member)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
            raise ValueError(f'{picture} cannot be read: {error}') from None


def _open_archive(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise ValueError(f'{path} is not a zip archive, or is cut short: {error}') from None


def _members(path: Path, archive: zipfile.ZipFile) -> Iterator[Picture]:
    for info in archive.infolist():
        inner = PurePosixPath(info.filename.replace('\\', '/'))
        if inner.is_absolute() or '..' in inner.parts or re.match('[A-Za-z]:', info.filename):
            raise ValueError(f'{path} has a member that points out of it: {info.filename!r}')
        hidden = any(is_hidden(part) for part in inner.parts)
        if hidden or info.is_dir() or not is_picture(inner):
            continue
        if info.flag_bits & 1:
            raise ValueError(f'{path} is encrypted: unpack it and give the folder')
        if info.file_size > MAX_BYTES:
            raise ValueError(
                f'{path}: {info.filename} claims {info.file_size} bytes, over {MAX_BYTES}'
            )
        yield Picture(path, info.filename, info.file_size)
