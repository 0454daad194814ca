"""Shards of image-text pairs, tar files as webdataset has them: where each sample lies."""

import os
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pir_mm.files.writing import atomic_file

IMAGE_KEYS = ('img_content', 'jpg', 'jpeg', 'png', 'webp', 'tif', 'tiff')
TEXT_KEYS = ('caption', 'txt', 'text')
NAME_KEYS = ('img_name',)


@dataclass(frozen=True, eq=False)
class ShardIndex:
    """The samples of one shard, each an image and a text.

    Attributes:
        image, text, name: ``(S, 2)`` int64, offset and length in bytes of each member; a sample
            without a name of its picture has length 0 there.
        incomplete: samples without image or without text, which are left out.
        cut: whether the file ends in the middle of a member; what lies before is kept.
    """

    image: np.ndarray
    text: np.ndarray
    name: np.ndarray
    incomplete: int
    cut: bool

    def __len__(self) -> int:
        return len(self.image)


def shard_index(path: str | Path) -> ShardIndex:
    """The index of a shard, from the hidden file beside it, or made anew and left there.

    It is made by reading the headers alone, without decoding anything.

    Raises:
        FileNotFoundError: if there is no such shard.
        ValueError: if it is no tar file, or has no sample with an image and a text.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'the shard {path} does not exist')
    stat = path.stat()
    made_from = np.array([stat.st_size, stat.st_mtime_ns])
    kept = path.with_name(f'.{path.name}.index.npz')
    index = _read(kept, made_from)
    if index is None:
        index = _scan(path)
        try:
            with atomic_file(kept) as temporary:
                np.savez(
                    temporary, image=index.image, text=index.text, name=index.name,
                    counts=np.array([index.incomplete, index.cut]), made_from=made_from,
                )  # fmt: skip
        except OSError:  # the folder may be closed or full: it is made again next time
            pass
    if len(index) == 0:
        raise ValueError(
            f'the shard {path} has no sample with an image ({", ".join(IMAGE_KEYS[:3])}, ...) and '
            f'a text ({", ".join(TEXT_KEYS)})'
        )
    return index


def read_member(path: str | Path, offset: int, length: int) -> bytes:
    """The bytes of one member.

    Raises:
        ValueError: if the file ends before.
    """
    with open(path, 'rb') as file:
        content = os.pread(file.fileno(), length, offset)
    if len(content) != length:
        raise ValueError(f'{path} ends within a sample: it has changed since it was indexed')
    return content


def _read(kept: Path, made_from: np.ndarray) -> ShardIndex | None:
    try:
        with np.load(kept, allow_pickle=False) as arrays:
            if not np.array_equal(arrays['made_from'], made_from):
                return None
            incomplete, cut = arrays['counts'].tolist()
            return ShardIndex(
                arrays['image'], arrays['text'], arrays['name'], incomplete, bool(cut)
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _scan(path: Path) -> ShardIndex:
    samples: dict[str, dict[str, tuple[int, int]]] = {}
    try:
        with tarfile.open(path, 'r:') as archive:
            members, cut = list(_members(archive, path.stat().st_size)), False
    except tarfile.ReadError as error:
        raise ValueError(f'{path} is no shard: {error}') from None
    if members and members[-1] is None:
        members, cut = members[:-1], True
    for name, offset, length in members:
        key, _, kind = name.rpartition('/')[2].partition('.')
        place = name[: len(name) - len(kind)]
        samples.setdefault(place or key, {})[kind.lower()] = (offset, length)
    rows, incomplete = [], 0
    for parts in samples.values():
        image, text, name = (
            next((parts[kind] for kind in kinds if kind in parts), None)
            for kinds in (IMAGE_KEYS, TEXT_KEYS, NAME_KEYS)
        )
        if image is None or text is None:
            incomplete += 1
        else:
            rows.append((image, text, name or (0, 0)))
    table = np.array(rows, dtype=np.int64).reshape(len(rows), 3, 2)
    return ShardIndex(table[:, 0], table[:, 1], table[:, 2], incomplete, cut)


def _members(archive: tarfile.TarFile, size: int) -> Iterator[tuple[str, int, int] | None]:
    """Name, offset and length of each file; at the end ``None`` if the archive is cut."""
    while True:
        try:
            member = archive.next()
        except tarfile.ReadError:
            yield None
            return
        if member is None:
            return
        archive.members = []
        if not member.isreg():
            continue
        if member.offset_data + member.size > size:
            yield None
            return
        yield member.name, member.offset_data, member.size
