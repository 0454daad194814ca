"""Bring an index up to date with the pictures and rasters of an archive."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from pir_mm.apis.search.embedding import (
    PictureReader,
    check_batch_size,
    encode_pixels,
    require_ready,
)
from pir_mm.apis.search.model_fingerprint import model_fingerprint
from pir_mm.apis.search.tile_reading import TileRead, read_tiles
from pir_mm.files.pictures import is_picture
from pir_mm.files.walking import find_files, printable
from pir_mm.files.weights import file_sha256
from pir_mm.search import (
    Changes,
    IndexCard,
    IndexWriter,
    Stamp,
    TileSource,
    Tiling,
    convert_index,
    find_changes,
    is_old_index,
)
from pir_mm.search.tile_table import SourceRow
from pir_mm.search.tiling import Window

QUEUED = 1000
"""Files without a vector that are noted together."""


def index_pictures(
    sources: Iterable[str | Path],
    model: nn.Module,
    out: str | Path,
    checkpoint: str | Path | None = None,
    batch_size: int = 32,
    tiling: Tiling | None = None,
    profile: str | None = None,
    rebuild: bool = False,
    remove: Iterable[str | Path] = (),
    checksum: bool = False,
    root: str | Path | None = None,
) -> IndexCard:
    """Cut pictures and rasters into tiles, embed these, and bring an index of them up to date.

    Files that are new or have changed are embedded, files that are gone from the sources are
    removed, and all other vectors are kept. Each batch is kept at once: a killed run goes on where
    it was. A file that is not a picture, is broken or has too many pixels, and a folder that cannot
    be read, is skipped and counted with its reason.

    Args:
        sources: pictures, rasters and folders. Folders are searched at any depth, and only their
            files with the ending of a picture are read.
        model: from :func:`pir_mm.apis.load_retriever`.
        out: index folder.
        checkpoint: path of the model's weights. The index stores it and the path of the config, so
            that a search can load the model.
        batch_size: tiles per batch.
        tiling: size and overlap of tiles, by default as the index has them.
        profile: how rasters become colours, see :class:`pir_mm.search.TileSource`; likewise.
        rebuild: start anew; an older index stays until the new one is complete.
        remove: files and folders to take out of the index, there or not.
        checksum: compare the content of files, not only their size and time.
        root: where the archive lies now, if it has moved: the place of ``root`` in ``index.json``.

    Returns:
        The card of the index: how many tiles it holds, which files were skipped and why.

    Raises:
        FileNotFoundError: if a source does not exist.
        ValueError: if the index would be empty, if another model or another way of cutting made
            it, or if ``out`` has other files than an index.
    """
    sources = [Path(sources)] if isinstance(sources, str | Path) else [*map(Path, sources)]
    check_batch_size(batch_size)
    require_ready(model)
    found = find_archive(sources, Path(out))
    if is_old_index(out) and not rebuild:
        convert_index(out)
    with IndexWriter.opened(out, tiling, profile, rebuild) as writer:
        run = _Run(writer, model, checkpoint, batch_size)
        if writer.fingerprint is not None:
            run.note_model(writer.fingerprint.width)
        if root is not None:
            writer.move_root(root)
        known = writer.known_sources()
        refuse_vanished(sources, found, [row.path for row in known])
        changes = find_changes(
            known,
            {path: file.stamp for path, file in found.items()},
            map(str, sources),
            (lambda path: file_sha256(Path(path))) if checksum else None,
        )
        taken_out = find_changes(known, {}, map(os.path.abspath, remove)).gone
        lost = {*changes.gone, *taken_out}
        if not (changes.new or changes.changed) and lost >= {row.path for row in known}:
            raise ValueError(nothing_indexed(sources, []))
        writer.remove([*changes.gone, *taken_out, *changes.changed])
        writer.restamp(changes.touched)
        writer.add_roots(str(s if s.is_dir() else s.parent) for s in sources)
        begun = {path: writer.known_windows(path) for path in changes.begun}
        run.embed(_todo(changes, found, set(taken_out), checksum), begun)
        writer.flush()
        if writer.table.count == 0:
            raise ValueError(nothing_indexed(sources, writer.known_sources()))
        return writer.finish()


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


def _todo(
    changes: Changes, found: dict[str, FoundFile], taken_out: set[str], checksum: bool
) -> Iterator[FoundFile]:
    """The files that need a vector, in the order in which they were found."""
    wanted = {*changes.new, *changes.changed, *changes.begun} - taken_out
    for path, file in found.items():
        if path in wanted:
            stamp = stamp_of(path, checksum) if checksum and file.reason is None else file.stamp
            yield FoundFile(path, stamp, file.reason)


class _Run:
    """Embeds files into an index, batch by batch."""

    def __init__(
        self,
        writer: IndexWriter,
        model: nn.Module,
        checkpoint: str | Path | None,
        batch_size: int,
    ) -> None:
        self._writer = writer
        self._model = model
        self._checkpoint = None if checkpoint is None else str(checkpoint)
        self._batch_size = batch_size
        self._batch: list[TileRead] = []

    def note_model(self, width: int) -> None:
        fingerprint = model_fingerprint(self._model, width)
        self._writer.set_model(fingerprint, self._model.cfg.filename, self._checkpoint)

    def embed(self, files: Iterable[FoundFile], begun_windows: Mapping[str, set[Window]]) -> None:
        """Try all tiles of all files but those of ``begun_windows``; keep what becomes of them."""
        reader = PictureReader(self._model)
        cutter = TileSource(self._writer.tiling, self._writer.profile, reader.max_pixels)
        tried: dict[str, FoundFile] = {}

        def paths() -> Iterator[str]:
            for file in files:
                if file.reason is None:
                    tried[file.path] = file
                    yield file.path
                else:
                    self._writer.begin_source(file.path, file.stamp, None)
                    self._writer.end_source(file.path, reason=file.reason)

        begun, empty, failed = None, 0, []
        for found in read_tiles(paths(), cutter, reader, 2 * self._batch_size, begun_windows):
            if found.path != begun:
                begun, empty, failed = found.path, 0, []
                self._writer.begin_source(found.path, tried[found.path].stamp, found.source)
            if found.pixels is not None:
                self._batch.append(found)
            elif found.error is not None:
                failed.append(found.error)
            elif found.tile is not None:
                empty += 1
            if found.is_last:
                reason = _reason(found, empty, failed)
                self._writer.end_source(found.path, empty, reason)
                del tried[found.path]
            if len(self._batch) == self._batch_size:
                self._keep()
            elif self._writer.queued >= QUEUED and not self._batch:
                self._writer.flush()
        self._keep()

    def _keep(self) -> None:
        """Embed the batch and commit it with all that was said of sources."""
        if not self._batch:
            self._writer.flush()
            return
        vectors = encode_pixels(self._model, [read.pixels for read in self._batch])
        if self._writer.fingerprint is None:
            self.note_model(vectors.shape[1])
        self._writer.add(vectors, [read.tile for read in self._batch])
        self._batch.clear()


def _reason(last: TileRead, empty: int, failed: list[Exception]) -> str | None:
    """Why all or part of a file has no vector."""
    windows = 0 if last.source is None else len(last.source.grid)
    if failed:
        first = str(failed[0])
        kind, _, details = first.partition(': ')
        some = '' if windows <= len(failed) else f'{len(failed)} of {windows} tiles: '
        return f'{kind}: {some}{details}' if details else first
    return 'no data: all of it is masked or 0' if empty == windows else None


def nothing_indexed(sources: list[Path], skipped: list[SourceRow]) -> str:
    """Error message of a run without result: how many files, and the reason of the first."""
    names = ', '.join(map(str, sources[:3])) + (', ...' if len(sources) > 3 else '')
    if not skipped:
        return f'no picture was indexed: {names} has no files'
    first = skipped[0]
    return (
        f'no picture was indexed: {len(skipped)} files of {names} were tried; '
        f'{first.path} is {first.reason}'
    )
