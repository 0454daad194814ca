"""Pictures below a folder, loose or in zip archives, found by file name."""

import os
import unicodedata
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from pir_mm.files.names import first_few
from pir_mm.files.pictures import is_picture
from pir_mm.files.walking import find_files
from pir_mm.files.zip_archives import (
    DAMAGED,
    check_member,
    inner_path,
    open_zip,
    visible_members,
)

MAX_BYTES = 512 * 2**20
UTF_8 = 0x800
"""Flag of a zip member whose name is in UTF-8."""
CODE_PAGES = (
    'utf-8',
    'cp437',
    'cp850',
    'cp1252',
    'cp866',
    'cp1251',
    'gb18030',
    'shift_jis',
    'big5',
)


@dataclass(frozen=True)
class Picture:
    """A picture file: its container (a folder or a zip), its path in it, its size in bytes.

    ``spellings`` are what the path may mean to people, likeliest first.
    """

    container: Path
    member: str
    size: int
    spellings: tuple[str, ...]

    @property
    def path(self) -> str:
        """Path in the container as people read it, with ``/``."""
        return '/'.join(_parts(self.spellings[0]))

    def __str__(self) -> str:
        return f'{self.container}/{self.path}'


class AmbiguousNameError(ValueError):
    """Several pictures of different content have the name that was asked for."""


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
        self.source = Path(os.path.abspath(source))
        self._by_name: dict[str, list[_Place]] = defaultdict(list)
        self._by_stem: dict[str, list[_Place]] = defaultdict(list)
        self._pictures: list[Picture] = []
        for path in find_files([self.source], leave_out=[skip]):
            if path.suffix.lower() == '.zip':
                self.archives[path] = open_zip(path)
                for picture in _members(path, self.archives[path]):
                    self._add(picture, path.with_suffix(''))
            elif is_picture(path):
                member = path.relative_to(self.source).as_posix()
                picture = Picture(self.source, member, path.stat().st_size, (member,))
                self._add(picture, self.source)
        self._has_folders = len({(p.container, *_parts(p.path)[:-1]) for p in self._pictures}) > 1

    def __len__(self) -> int:
        return len(self._pictures)

    def _add(self, picture: Picture, root: Path) -> None:
        self._pictures.append(picture)
        for name in picture.spellings:
            own = _parts(name)
            place = _Place(picture, (*_parts(root.as_posix()), *own), len(own))
            self._by_name[own[-1]].append(place)
            self._by_stem[_stem(own[-1])].append(place)

    def find(self, filename: str) -> Picture | None:
        """The picture that a caption file names, or None.

        Every folder of the name counts: ``airport/3.png`` is never ``beach/3.png``. A name fits a
        picture if it is the end of the picture's path. It may also have more folders in front, as a
        path of another machine has, if the picture lies in a folder of the source that fits, or if
        the source has no folders at all. The longest fit wins. Without any, a picture with another
        ending is taken (``1.jpg`` for ``1.tif``), by the same rule and in any case of the letters.
        Unicode forms and the code pages of old zip archives make no difference.

        Raises:
            AmbiguousNameError: if several fit equally well, with different content.
        """
        here = os.path.isabs(filename) and os.path.exists(filename)
        wanted = _parts(os.path.realpath(filename) if here else filename)
        if not wanted:
            return None
        exact = self._by_name.get(wanted[-1], [])
        alike = self._by_stem.get(_stem(wanted[-1]), [])
        for places, same in ((exact, str), (alike, str.casefold)):
            fits = [(self._fit(wanted, place, same), place.picture) for place in places]
            longest = max((length for length, _ in fits), default=0)
            if longest:
                best = dict.fromkeys(picture for length, picture in fits if length == longest)
                return self._only(filename, list(best))
        return None

    def like(self, filename: str) -> Picture | None:
        """A picture of the same name in another folder, to tell people of."""
        places = self._by_name.get((_parts(filename) or ('',))[-1])
        return places[0].picture if places else None

    def _fit(self, wanted: tuple[str, ...], place: '_Place', same: Callable[[str], str]) -> int:
        """Number of equal parts at the end of both, 0 if the picture is another one.

        The names are known to be alike; ``same`` makes folders alike.
        """
        folders = zip(reversed(wanted[:-1]), reversed(place.parts[:-1]), strict=False)
        length = 1 + sum(1 for _ in takewhile(lambda pair: same(pair[0]) == same(pair[1]), folders))
        if length == len(wanted):
            return length
        source = _parts(self.source.as_posix())
        if wanted[: len(source)] == source:
            return 0  # an exact path below the source, where this picture is not
        fits_whole = length >= place.own and (place.own > 1 or not self._has_folders)
        return length if fits_whole else 0

    def _only(self, filename: str, found: list[Picture]) -> Picture:
        if len(found) > 1 and len({(p.size, zlib.crc32(self.read(p))) for p in found}) > 1:
            raise AmbiguousNameError(
                f'{filename} may be {first_few([str(picture) for picture in found])}'
            )
        return found[0]

    def read(self, picture: Picture) -> bytes:
        """Content of a picture file."""
        archive = self.archives.get(picture.container)
        try:
            if archive is None:
                return (picture.container / picture.member).read_bytes()
            return archive.read(picture.member)
        except DAMAGED as error:
            raise ValueError(f'{picture} cannot be read: {error}') from None


class _Place(NamedTuple):
    """A picture under one spelling of its path: all parts, and how many are its container's."""

    picture: Picture
    parts: tuple[str, ...]
    own: int


def _parts(path: str) -> tuple[str, ...]:
    """Folders and name of a path: ``/`` for ``\\``, composed letters, no ``.``."""
    path = unicodedata.normalize('NFC', path.replace('\\', '/'))
    return tuple(part for part in path.split('/') if part not in ('', '.'))


def _stem(name: str) -> str:
    return PurePosixPath(name).stem.casefold()


def _spellings(info: zipfile.ZipInfo) -> tuple[str, ...]:
    """What a member's name may mean, likeliest first.

    A name that is not marked as UTF-8 was packed in the code page of some machine; Python reads
    all of them in that of the first PC.
    """
    if info.filename.isascii() or info.flag_bits & UTF_8:
        return (info.filename,)
    packed, names = info.filename.encode('cp437'), []
    for page in CODE_PAGES:
        try:
            names.append(packed.decode(page))
        except UnicodeDecodeError:
            continue
    return tuple(dict.fromkeys(names))


def _members(path: Path, archive: zipfile.ZipFile) -> Iterator[Picture]:
    for info in visible_members(archive):
        if is_picture(inner_path(info)):
            check_member(archive, info, MAX_BYTES)
            yield Picture(path, info.filename, info.file_size, _spellings(info))
