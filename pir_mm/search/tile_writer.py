"""Tiles and vectors come in a transaction a batch: nothing else is lost whatever ends the run."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pir_mm.search.embedding_index import VECTORS, refuse_other_model
from pir_mm.search.index_card import ModelFingerprint, movable
from pir_mm.search.tile_source import Source
from pir_mm.search.tile_table import Stamp, TileTable
from pir_mm.search.tiles import Tile
from pir_mm.search.vector_file import ENDING, VectorFile, new_name

PARTS = 'parts'
"""Folder, in that of an index, of what other processes write."""
SEGMENT_ROWS = 1 << 20
"""Of a file of vectors, after which the next is begun."""


class TileWriter:
    """Adds sources and tiles to a table, and their vectors to a file that the table points into.

    What is said of sources is kept with the next tiles, by :meth:`add` or :meth:`flush`. Paths are
    given absolute and kept relative to ``folder`` where they lie beside it.

    Args:
        table: opened for writing.
        vectors: folder of the files of vectors.
        folder: of the index, to which paths are relative.
    """

    def __init__(self, table: TileTable, vectors: Path, folder: Path) -> None:
        self.table = table
        self._vectors = vectors
        self._folder = folder
        self._queued: list[Callable[[], None]] = []
        self._segment: VectorFile | None = None
        self._name, self._first = '', 0

    @property
    def fingerprint(self) -> ModelFingerprint | None:
        """Of the model that makes the vectors; ``None`` before it is told."""
        model = self.table.note('model')
        return None if model is None else ModelFingerprint(**model['fingerprint'])

    def close(self) -> None:
        self._drop_segment()
        self.table.close()

    def set_model(
        self, fingerprint: ModelFingerprint, config: str | None, checkpoint: str | None
    ) -> None:
        """Say which model makes the vectors; its files are noted for the search.

        Raises:
            ValueError: if another one made those that are there.
        """
        ours = self.fingerprint
        if ours is not None and self.table.segments():
            refuse_other_model(self._folder, ours, fingerprint)
        model = {
            'fingerprint': asdict(fingerprint),
            'config': movable(config, self._folder),
            'checkpoint': movable(checkpoint, self._folder),
        }
        with self.table.transaction():
            self.table.set_note('model', model)

    def begin_source(self, path: str, stamp: Stamp, source: Source | None) -> None:
        """Say what is known of a file, before its tiles; ``None`` if it has none."""
        kept = movable(path, self._folder)
        self._queued.append(lambda: self.table.put_source(kept, stamp, source))

    def end_source(
        self, path: str, empty: int = 0, reason: str | None = None, done: bool = True
    ) -> None:
        """Say what became of the tiles of a file.

        Args:
            path: of the file.
            empty: how many of its tiles have no data.
            reason: why all or part of it has no vector.
            done: whether all its tiles were tried; others may have a share of them.
        """
        kept = movable(path, self._folder)
        self._queued.append(lambda: self.table.end_source(kept, empty, reason, done))

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files and their tiles, in one transaction."""
        with self.table.transaction():
            for path in paths:
                self.table.remove_source(movable(path, self._folder))

    def restamp(self, stamps: Mapping[str, Stamp]) -> None:
        """Note other times of files whose content is the same, in one transaction."""
        with self.table.transaction():
            for path, stamp in stamps.items():
                self.table.restamp(movable(path, self._folder), stamp)

    def add(self, vectors: NDArray[np.float32], tiles: Sequence[Tile]) -> None:
        """Add vectors ``(n, D)`` of unit norm and the ``n`` tiles they stand for, in a transaction.

        Raises:
            FullDiskError: if there is no room for them; then nothing is added.
            ValueError: if their numbers or widths differ, or a vector has not unit norm.
        """
        vectors = np.ascontiguousarray(vectors, dtype='<f4')
        if vectors.ndim != 2 or len(vectors) != len(tiles):
            raise ValueError(f'{len(tiles)} tiles need as many vectors, got {vectors.shape}')
        norms = np.linalg.norm(vectors, axis=1)
        wrong = np.flatnonzero(~(np.abs(norms - 1) < 1e-3))  # a NaN is wrong too
        if len(wrong):
            raise ValueError(
                f'{tiles[wrong[0]].source}: its vector has norm {norms[wrong[0]]:.4g} instead of 1'
            )
        paths = [movable(tile.source, self._folder) for tile in tiles]
        try:
            with self.table.transaction():
                self._tell_sources()
                segment = self._file_for(vectors.shape[1])
                segment.append(vectors)
                self.table.add_tiles(tiles, paths)
                self.table.put_segment(self._name, segment.rows, self._first)
        except BaseException:
            self._drop_segment()  # its last rows do not count
            raise
        self._queued.clear()

    def flush(self) -> None:
        """Keep what was said of sources since the last tiles."""
        if self._queued:
            with self.table.transaction():
                self._tell_sources()
            self._queued.clear()

    @property
    def queued(self) -> int:
        """How much was said of sources since the last tiles."""
        return len(self._queued)

    def _tell_sources(self) -> None:
        for tell in self._queued:
            tell()

    def _file_for(self, width: int) -> VectorFile:
        """The file to append to: the last one, if its ids go on without a gap."""
        if self._segment is not None and self._segment.rows < SEGMENT_ROWS:
            if self._segment.width != width:
                raise ValueError(f'vectors of width {width} after some of {self._segment.width}')
            return self._segment
        self._drop_segment()
        next_id = self.table.next_id
        self._name, self._first, rows = new_name(), next_id, 0
        for last in self.table.segments()[-1:]:
            if last.goes_on_with(next_id) and last.rows < SEGMENT_ROWS:
                self._name, self._first, rows = last.name, int(last.ids[0]), last.rows
        self._segment = VectorFile(self._path(self._name), rows, width)
        return self._segment

    def _path(self, name: str) -> Path:
        return self._vectors / f'{name}{ENDING}'

    def _drop_segment(self) -> None:
        if self._segment is not None:
            self._segment.close()
        self._segment = None


@contextmanager
def part_writer(place: str | Path, folder: str | Path) -> Iterator[TileWriter]:
    """Write tiles and vectors beside an :class:`IndexWriter` in another process.

    They belong to the index as soon as that one has joined them; after a kill the next one does.

    Args:
        place: of the index writer.
        folder: of the index.
    """
    place = Path(place)
    (place / PARTS).mkdir(exist_ok=True)
    table = TileTable(place / PARTS / f'{new_name()}.sqlite', write=True, alone=True)
    writer = TileWriter(table, place / VECTORS, Path(folder))
    try:
        yield writer
    finally:
        writer.close()
