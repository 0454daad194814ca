"""An index folder, opened for search."""

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pir_mm.files.writing import moved_aside
from pir_mm.search.filters import TileFilter
from pir_mm.search.index_card import (
    IndexCard,
    ModelFingerprint,
    SkippedPicture,
    resolved,
)
from pir_mm.search.index_store import NOTE, VECTORS, exact_store, open_store
from pir_mm.search.store_note import StoreNote
from pir_mm.search.tile_table import TileTable
from pir_mm.search.tiles import Tile
from pir_mm.search.tiling import Tiling
from pir_mm.structures.ranking import Ranking

CARD = 'index.json'
TABLE = 'tiles.sqlite'
ATTEMPTS = 10
"""To open an index whose files another process is taking away."""


class EmbeddingIndex:
    """The vectors of an archive, memory-mapped, and what they show, as they are now.

    What is written later changes nothing here: open the index again to see it.

    Args:
        folder: with ``tiles.sqlite`` and ``vectors``.
        root: where the archive lies now, if it has moved: the place of ``root`` in ``index.json``.

    Raises:
        FileNotFoundError: if there is no index in the folder.
        ValueError: if one of its files is damaged, or it is of an old version.
    """

    def __init__(self, folder: str | Path, root: str | Path | None = None) -> None:
        self.folder = Path(folder)
        for attempt in range(ATTEMPTS):
            place = _place(self.folder)
            before = _identity(place)
            try:
                self._open(place)
            except (FileNotFoundError, ValueError) as error:
                # A writer may have put other vectors in place of those that were noted.
                is_changing = _identity(place) != before or isinstance(error, FileNotFoundError)
                if not is_changing or attempt == ATTEMPTS - 1:
                    raise
                continue
            if _identity(place) == before:
                break  # else another index took the name in between
        self._moved = self._new_root(root)

    def _open(self, place: Path) -> None:
        self._table = TileTable(place / TABLE)
        model = self._table.note('model')
        if model is None:
            raise FileNotFoundError(f'{self.folder} holds no vectors yet: index it to its end')
        self.fingerprint = ModelFingerprint(**model['fingerprint'])
        self.precision = self._table.note('precision') or 'fp32'
        self.config = resolved(model['config'], self.folder)
        self.checkpoint = resolved(model['checkpoint'], self.folder)
        self.exact = exact_store(self._table, place / VECTORS, self.fingerprint.width)
        note = StoreNote.of(self._table.note(NOTE))
        self.store = open_store(self.exact, note, place, self.folder)

    def close(self) -> None:
        """Let the files go; a writer can then tidy up."""
        self._table.close()

    def __len__(self) -> int:
        return len(self.exact)

    @cached_property
    def card(self) -> IndexCard:
        """What the index holds, as ``index.json`` tells it."""
        return card_of(self._table, self.folder)

    def search(
        self, queries: NDArray[np.float32], top_k: int, where: NDArray[np.int64] | None = None
    ) -> Ranking:
        """Rank the tiles for each query ``(Q, D)``: see :meth:`VectorStore.search`."""
        if len(self) == 0:
            raise ValueError(f'{self.folder} holds no tile: index some pictures first')
        return self.store.search(queries, top_k, where)

    def tiles(self, ids: Sequence[int]) -> list[Tile]:
        """The tiles of some ids, in the order given, with absolute paths.

        Raises:
            ValueError: if there is no such id.
        """
        return [replace(tile, source=self._where(tile.source)) for tile in self._table.tiles(ids)]

    def select(self, tile_filter: TileFilter) -> NDArray[np.int64] | None:
        """Ids of the tiles that a filter allows, for ``where`` of :meth:`search`; ``None``: all."""
        return tile_filter.ids(self._table, self._where)

    @property
    def extent(self) -> tuple[float, float, float, float] | None:
        """West, south, east and north of all tiles in WGS84; ``None`` if none has a place."""
        return self._table.extent

    @property
    def root(self) -> str:
        """The folder below which all files lie now."""
        return self._where(self._table.note('root'))

    @property
    def ids(self) -> NDArray[np.int64]:
        """Ids of all tiles, increasing."""
        return self.exact.ids

    def refuse_other_model(self, fingerprint: ModelFingerprint) -> None:
        """Raise unless the model of ``fingerprint`` is the one that made this index.

        Raises:
            ValueError: naming what differs.
        """
        refuse_other_model(self.folder, self.fingerprint, fingerprint)

    def _where(self, path: str) -> str:
        there = resolved(path, self.folder)
        if self._moved is None:
            return there
        old, new = self._moved
        return str(new / Path(there).relative_to(old))

    def _new_root(self, root: str | Path | None) -> tuple[Path, Path] | None:
        if root is None:
            return None
        old = resolved(self._table.note('root'), self.folder)
        if not Path(root).is_dir():
            raise FileNotFoundError(f'{root} is no folder: give the place where {old} lies now')
        return Path(old), Path(os.path.abspath(root))


def open_index(
    index: EmbeddingIndex | str | Path, root: str | Path | None = None
) -> EmbeddingIndex:
    """Open an index folder. An index that is already open is returned as it is.

    Args:
        index: index folder, or an open index.
        root: where the archive lies now, if it has moved: the place of ``root`` in ``index.json``.

    Raises:
        FileNotFoundError: if the folder has no index.
        ValueError: if the index is damaged.
    """
    return index if isinstance(index, EmbeddingIndex) else EmbeddingIndex(index, root)


def refuse_other_model(folder: Path, ours: ModelFingerprint, given: ModelFingerprint) -> None:
    found = ours.differences(given)
    if found:
        raise ValueError(
            f'{folder} was made by another model, index against model given: {", ".join(found)}; '
            'give the model of the index, or index anew with this one (--rebuild)'
        )


def card_of(table: TileTable, folder: Path) -> IndexCard:
    """The card of what a table holds.

    Raises:
        ValueError: if it has no model yet.
    """
    model = table.note('model')
    rows = table.sources()
    skipped = [
        SkippedPicture(resolved(row.path, folder), row.reason)
        for row in rows
        if row.reason is not None
    ]
    return IndexCard(
        ModelFingerprint(**model['fingerprint']),
        resolved(model['config'], folder),
        resolved(model['checkpoint'], folder),
        table.count,
        tuple(skipped),
        table.sources_with_tiles,
        table.without_data,
        Tiling(**table.note('tiling')),
        table.note('profile'),
        resolved(table.note('root'), folder),
        StoreNote.of(table.note(NOTE)),
    )


def _place(folder: Path) -> Path:
    """Where the index lies: between the two renames of a new one, the last good one is aside."""
    if (folder / TABLE).is_file():
        return folder
    if (folder / CARD).is_file():
        raise ValueError(
            f'{folder} was made by an older pir_mm: convert it with '
            f'python tools/convert_index.py {folder}'
        )
    aside = moved_aside(folder)
    if aside is None or not (aside / TABLE).is_file():
        raise FileNotFoundError(
            f'{folder} holds no index: {TABLE} is absent; make one with tools/index.py'
        )
    return aside


def _identity(folder: Path) -> int | None:
    return os.stat(folder).st_ino if folder.is_dir() else None
