"""The one writer of an index folder: what it holds is brought up to date, joined and compacted."""

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pir_mm.files.writing import atomic_folder, only_writer
from pir_mm.search.embedding_index import CARD, TABLE, card_of
from pir_mm.search.footprint_file import AT_ONCE, write_footprints
from pir_mm.search.index_card import IndexCard, movable, resolved
from pir_mm.search.index_store import ANN, VECTORS, StoreBuilder, TextQueries
from pir_mm.search.tile_source import Source
from pir_mm.search.tile_table import SourceRow, TileTable
from pir_mm.search.tile_writer import PARTS, TileWriter
from pir_mm.search.tiles import Tile
from pir_mm.search.tiling import Tiling, Window
from pir_mm.search.vector_file import ENDING, VectorFile, map_vectors, new_name

LOCK = 'writer.lock'
FOOTPRINTS = 'footprints.gpkg'
LOG = 'index.log'
BACKGROUND = 'background.npz'
OWN = (
    CARD,
    TABLE,
    BACKGROUND,
    f'{TABLE}-wal',
    f'{TABLE}-shm',
    VECTORS,
    ANN,
    FOOTPRINTS,
    LOCK,
    PARTS,
    LOG,
)
"""What lies in an index folder."""
OLD = ('tiles.gpkg', 'vectors.npy')
"""And in one of an older version."""
LEFT = re.compile(r'\.(index|footprints)\.\d+\.(json|gpkg)(-journal|-wal|-shm)?')
"""Names of what a killed run had begun."""
SEGMENTS = 64
"""Files of vectors above which they are joined to one."""
REMOVED_SHARE = 0.25
"""Of all rows, above which those that count are copied into a new file."""
DATED_AT_ONCE = 1000
"""Files whose dates are noted together."""
COPIED_ROWS = 1 << 16
"""That are copied at a time."""


class IndexWriter(TileWriter):
    """The one writer of an index folder, from :meth:`opened`.

    Args:
        place: where the files are; another than ``folder`` while an index is built anew.
        folder: of the index.
        tiling: size and overlap of tiles; those of the index by default.
        profile: how rasters become colours; that of the index by default.

    Raises:
        ValueError: if the tiles of the index are cut in another way.
    """

    def __init__(
        self, place: Path, folder: Path, tiling: Tiling | None = None, profile: str | None = None
    ) -> None:
        (place / VECTORS).mkdir(exist_ok=True)
        super().__init__(TileTable(place / TABLE, write=True), place / VECTORS, folder)
        self.place = place
        self._agree_on_tiles(tiling, profile)
        self.join_parts()
        self._remove_orphans()
        with self.table.transaction():
            self.table.forget_tries()

    @classmethod
    @contextmanager
    def opened(
        cls,
        folder: str | Path,
        tiling: Tiling | None = None,
        profile: str | None = None,
        rebuild: bool = False,
    ) -> Iterator['IndexWriter']:
        """Open an index for writing, and keep other writers out while the body runs.

        Args:
            folder: of the index; made if it is not there.
            tiling, profile: as above.
            rebuild: whether to start anew; an old index stays until the body has ended well.

        Raises:
            OSError: if the folder cannot be written.
            ValueError: if it holds anything but an index, or another run is writing it.
        """
        folder = Path(folder)
        refuse_foreign(folder)
        is_new = not folder.exists()
        with ExitStack() as stack:
            _make_writable(folder)
            if is_new:
                stack.callback(_remove_if_empty, folder)
            stack.enter_context(only_writer(folder, folder / LOCK))
            place = stack.enter_context(atomic_folder(folder)) if rebuild else folder
            writer = cls(place, folder, tiling, profile)
            stack.callback(writer.close)
            yield writer

    def add_roots(self, folders: Iterable[str]) -> None:
        """Note below which folders the sources lie, for an archive that moves."""
        kept = resolved(self.table.note('root'), self._folder)
        root = os.path.commonpath([*map(os.path.abspath, folders), *([kept] if kept else [])])
        with self.table.transaction():
            self.table.set_note('root', movable(root, self._folder))

    def agreed_precision(self, given: str | None, best: str) -> str:
        """The precision that is given, else that of the index, else the best; it is kept."""
        kept = self.table.note('precision')
        if kept is None:
            with self.table.transaction():
                self.table.set_note('precision', given or best)
        return given or kept or best

    def end_shared_sources(self, paths: Iterable[str]) -> None:
        """Say that all processes have tried their tiles of some files."""
        with self.table.transaction():
            for path in paths:
                self.table.end_shared_source(movable(path, self._folder))

    def known_sources(self) -> list[SourceRow]:
        """What is known of each file, with absolute paths."""
        return [replace(row, path=resolved(row.path, self._folder)) for row in self.table.sources()]

    def known_windows(self, path: str) -> set[Window]:
        """The windows of a file that have a vector."""
        return self.table.windows(movable(path, self._folder))

    def date_sources(self, source_of: Callable[[str], Source]) -> None:
        """Note date and size of pixels of files that an older pir_mm has indexed.

        Args:
            source_of: reads the header of a file; what it cannot read has neither.
        """
        kept = self.table.undated_sources()
        for start in range(0, len(kept), DATED_AT_ONCE):
            some: dict[str, Source | None] = {}
            for path in kept[start : start + DATED_AT_ONCE]:
                try:
                    some[path] = source_of(resolved(path, self._folder))
                except (OSError, ValueError):  # its vectors stay, as for all that is unchanged
                    some[path] = None
            with self.table.transaction():
                for path, source in some.items():
                    self.table.date_source(path, source)

    def move_root(self, root: str | Path) -> None:
        """Note that all files below the root of the sources lie below another folder now."""
        old, new = resolved(self.table.note('root'), self._folder), os.path.abspath(root)
        if old is None or not os.path.isdir(new):
            raise FileNotFoundError(f'{root} is no folder: give the place where {old} lies now')
        with self.table.transaction():
            for row in self.table.sources():
                there = resolved(row.path, self._folder)
                if Path(there).is_relative_to(old):
                    moved = os.path.join(new, os.path.relpath(there, old))
                    self.table.rename_source(row.path, movable(moved, self._folder))
            self.table.set_note('root', movable(new, self._folder))
            self.table.set_note('footprints', None)

    def add(self, vectors: NDArray[np.float32], tiles: Sequence[Tile]) -> None:
        super().add(vectors, tiles)
        if not (self.place / CARD).exists():  # of a first run that may be killed
            card_of(self.table, self._folder).write(self.place / CARD)

    def join_parts(self) -> None:
        """Add what other processes have written by :func:`part_writer`, in one transaction."""
        paths = sorted((self.place / PARTS).glob('*.sqlite'))
        joined = self.table.note('joined') or []
        parts = []
        for path in paths:
            if path.name not in joined:
                with suppress(ValueError, FileNotFoundError):  # broken off before it had anything
                    parts.append(TileTable(path, write=True, alone=True))
        self._drop_segment()
        with self.table.transaction():
            for part in parts:
                self.table.join(part)
            self.table.set_note('joined', [path.name for path in paths])
        for part in parts:
            part.close()
        shutil.rmtree(self.place / PARTS, ignore_errors=True)

    def compact(self) -> None:
        """Copy the vectors that count into one new file, and let the old files go.

        A reader that has opened the old files keeps them.
        """
        self._drop_segment()
        segments, removed = self.table.segments(), self.table.removed()
        name, kept = new_name(), [np.empty(0, np.int64)]
        with VectorFile(self._path(name), 0, self.fingerprint.width) as file:
            for segment in segments:
                vectors = map_vectors(self._path(segment.name), segment.rows, file.width)
                rows = np.flatnonzero(~np.isin(segment.ids, removed))
                for start in range(0, len(rows), COPIED_ROWS):
                    file.append(vectors[rows[start : start + COPIED_ROWS]])
                kept.append(segment.ids[rows])
        ids = np.concatenate(kept)
        with self.table.transaction():
            self.table.replace_segments(segment.name for segment in segments)
            if len(ids):
                first, has_gaps = int(ids[0]), len(ids) <= int(ids[-1] - ids[0])
                kept_ids = ids.astype('<i8').tobytes() if has_gaps else None
                self.table.put_segment(name, len(ids), first, kept_ids)
        for segment in segments:
            # some systems keep what a reader has opened; the next run tries again
            with suppress(OSError):
                self._path(segment.name).unlink()

    def _needs_compacting(self) -> bool:
        segments = self.table.segments()
        rows = sum(segment.rows for segment in segments)
        return len(segments) > SEGMENTS or len(self.table.removed()) > REMOVED_SHARE * rows

    def finish(
        self, store: str | None = None, text_queries: TextQueries | None = None
    ) -> IndexCard:
        """Bring the store up to date, compact, and write what others read, if it is not as it was.

        Args:
            store: what people ask for, see :class:`StoreNote`; ``None`` for what they asked before.
            text_queries: gives queries ``(Q, D)`` by which recall is measured.

        Returns:
            What ``index.json`` tells.
        """
        self.flush()
        width = self.fingerprint.width
        StoreBuilder(self.table, self.place, self._folder, width, text_queries).bring(store)
        if self._needs_compacting():
            self.compact()
        state = [self.table.next_id, self.table.count]
        if self.table.note('footprints') != state or not (self.place / FOOTPRINTS).exists():
            self._write_footprints()
            with self.table.transaction():
                self.table.set_note('footprints', state)
        card = card_of(self.table, self._folder)
        card.write(self.place / CARD)
        return card

    def _write_footprints(self) -> None:
        def absolute() -> Iterator[list[tuple[int, Tile]]]:
            for part in self.table.all_tiles(AT_ONCE):
                yield [
                    (number, replace(tile, source=resolved(tile.source, self._folder)))
                    for number, tile in part
                ]

        write_footprints(self.place / FOOTPRINTS, absolute())

    def _agree_on_tiles(self, tiling: Tiling | None, profile: str | None) -> None:
        kept = self.table.note('tiling')
        if kept is None:
            self.tiling, self.profile = tiling or Tiling(), profile or 'auto'
            with self.table.transaction():
                self.table.set_note('tiling', asdict(self.tiling))
                self.table.set_note('profile', self.profile)
            return
        self.tiling, self.profile = Tiling(**kept), self.table.note('profile')
        if tiling not in (None, self.tiling) or profile not in (None, self.profile):
            self.close()
            size = 'auto' if self.tiling.size is None else self.tiling.size
            raise ValueError(
                f'{self._folder} has tiles of size {size}, overlap {self.tiling.overlap} and '
                f'profile {self.profile}: leave these options out, or index anew (--rebuild)'
            )

    def _remove_orphans(self) -> None:
        """Remove what killed runs left: files of vectors into which no row points, half files."""
        known = {f'{segment.name}{ENDING}' for segment in self.table.segments()}
        for path in self._vectors.iterdir():
            if path.name not in known:
                path.unlink()
        for path in self.place.iterdir():
            if LEFT.fullmatch(path.name):
                path.unlink()


def refuse_foreign(folder: Path) -> None:
    """Raise a ValueError if a folder holds files that no index writer has written."""
    if not folder.exists():
        return
    inside = [path.name for path in folder.iterdir()] if folder.is_dir() else [folder.name]
    foreign = sorted(name for name in inside if name not in OWN + OLD and not name.startswith('.'))
    if foreign:
        raise ValueError(
            f'{folder} holds {foreign[0]!r}, so it is not an index that may be changed: choose '
            'another folder for the index'
        )


def _make_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / LOCK).touch()
    except OSError as error:
        raise type(error)(
            f'{folder} cannot be written: {error.strerror}; choose another folder for the index'
        ) from None


def _remove_if_empty(folder: Path) -> None:
    """Remove a new index folder into which no vector came."""
    if not any((folder / VECTORS).glob(f'*{ENDING}')):
        shutil.rmtree(folder, ignore_errors=True)
