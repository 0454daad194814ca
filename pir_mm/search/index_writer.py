"""Writing an index so that a killed run leaves the last good one."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from pir_mm.files.full_disk import ROOM, telling_full_disk
from pir_mm.files.writing import atomic_folder
from pir_mm.search.embedding_index import CARD, TILES, VECTORS
from pir_mm.search.index_card import IndexCard, ModelFingerprint, SkippedPicture
from pir_mm.search.tiles import Tile, write_tiles

TILE_BYTES = 1000
"""More than a row of the table takes."""


class IndexWriter:
    """Collects vectors in a hidden folder that takes the place of ``folder`` at the end.

    A context manager: an error, or leaving without :meth:`finish`, removes what it began. A killed
    run leaves its hidden folder, which the next run removes.

    Args:
        folder: where the index will be; an index that lies there is replaced.

    Raises:
        ValueError: if ``folder`` holds anything but an index, or another run is writing it.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.tiles: list[Tile] = []
        self.skipped: list[SkippedPicture] = []
        self.width: int | None = None
        self._finished = False
        refuse_foreign(self.folder)

    def __enter__(self) -> 'IndexWriter':
        with ExitStack() as stack:
            self._partial = stack.enter_context(atomic_folder(self.folder))
            self._file = stack.enter_context(open(self._partial / VECTORS, 'wb'))
            self._replacing = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._finished:
            error = error or InterruptedError('left without finish()')
            self._replacing.__exit__(type(error), error, trace)

    def add(self, vectors: NDArray[np.float32], tiles: Sequence[Tile]) -> None:
        """Append vectors ``(n, D)`` of unit norm and the ``n`` tiles they stand for.

        Raises:
            ValueError: if their numbers or widths differ, or a vector has not unit norm.
        """
        vectors = np.ascontiguousarray(vectors, dtype='<f4')
        if vectors.ndim != 2 or len(vectors) != len(tiles):
            raise ValueError(f'{len(tiles)} tiles need as many vectors, got {vectors.shape}')
        if self.width is None:
            self.width = vectors.shape[1]
            self._write_header(0)
        if vectors.shape[1] != self.width:
            raise ValueError(f'vectors of width {vectors.shape[1]} after some of {self.width}')
        norms = np.linalg.norm(vectors, axis=1)
        wrong = np.flatnonzero(~(np.abs(norms - 1) < 1e-3))  # a NaN is wrong too
        if len(wrong):
            raise ValueError(
                f'{tiles[wrong[0]].source}: its vector has norm {norms[wrong[0]]:.4g} instead of 1'
            )
        self._file.write(vectors.tobytes())
        self.tiles.extend(tiles)

    def skip(self, source: str, reason: str) -> None:
        """Count a file that gets no vector."""
        self.skipped.append(SkippedPicture(source, reason))

    def finish(
        self, fingerprint: ModelFingerprint, config: str | None, checkpoint: str | None
    ) -> IndexCard:
        """Complete the three files and put the folder in its place.

        Raises:
            ValueError: if no vector was added.
        """
        if not self.tiles:
            raise ValueError(f'{self.folder}: there is nothing to index')
        begin = self._file.tell() - len(self.tiles) * self.width * 4
        self._file.seek(0)
        self._write_header(len(self.tiles))
        if self._file.tell() != begin:
            raise RuntimeError('NumPy wrote a header of another length than before')
        self._file.close()
        with telling_full_disk(self.folder / TILES, needs=max(ROOM, TILE_BYTES * len(self.tiles))):
            write_tiles(self._partial / TILES, self.tiles)
        card = IndexCard(fingerprint, config, checkpoint, len(self.tiles), tuple(self.skipped))
        card.write(self._partial / CARD)
        self._finished = True
        self._replacing.__exit__(None, None, None)
        return card

    def _write_header(self, rows: int) -> None:
        # The header leaves room for more digits, so that the rows can be counted at the end.
        np.lib.format.write_array_header_1_0(
            self._file, {'descr': '<f4', 'fortran_order': False, 'shape': (rows, self.width)}
        )


def refuse_foreign(folder: Path) -> None:
    """Raise a ValueError if a folder holds files that no index writer has written."""
    if not folder.exists():
        return
    known = (CARD, VECTORS, TILES, '.DS_Store')
    inside = [path.name for path in folder.iterdir()] if folder.is_dir() else [folder.name]
    foreign = [name for name in inside if name not in known]
    if foreign:
        raise ValueError(
            f'{folder} holds {sorted(foreign)[0]!r}, so it is not an index that may be replaced: '
            'choose another folder for the index'
        )
