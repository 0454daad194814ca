"""An index folder, opened for search."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pir_mm.files.writing import moved_aside
from pir_mm.search.exact_store import ExactStore
from pir_mm.search.index_card import IndexCard, ModelFingerprint
from pir_mm.search.tiles import Tile, TileTable
from pir_mm.structures.ranking import Ranking

CARD = 'index.json'
VECTORS = 'vectors.npy'
TILES = 'tiles.gpkg'
ATTEMPTS = 10
"""To open the three files of one index while others take its name."""


class EmbeddingIndex:
    """The vectors of pictures, memory-mapped, and what they show.

    All three files stay open: an index that takes the folder's name later changes nothing here.

    Args:
        folder: with ``index.json``, ``vectors.npy`` and ``tiles.gpkg``.

    Raises:
        FileNotFoundError: if there is no index in the folder.
        ValueError: if one of its files is damaged or does not fit the others.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        for attempt in range(ATTEMPTS):
            place = _place(self.folder)
            before = _identity(place)
            try:
                self._open(place)
            except (FileNotFoundError, ValueError):
                if _identity(place) == before or attempt == ATTEMPTS - 1:
                    raise
            if _identity(place) == before:
                break  # else another index took the name in between
        size, width = self.store.vectors.shape
        if not size == len(self._tiles) == self.card.indexed or (
            width != self.card.fingerprint.width
        ):
            raise ValueError(
                f'{folder} is damaged: {CARD} speaks of {self.card.indexed} vectors of width '
                f'{self.card.fingerprint.width}, {VECTORS} holds {size} of {width}, {TILES} '
                f'{len(self._tiles)} features; index anew'
            )

    def _open(self, place: Path) -> None:
        self.card = IndexCard.read(place / CARD)
        self.store = map_store(place / VECTORS)
        self._tiles = TileTable(place / TILES)

    def __len__(self) -> int:
        return len(self.store)

    def search(self, queries: NDArray[np.float32], top_k: int) -> Ranking:
        """Rank the tiles for each query ``(Q, D)``: see :meth:`ExactStore.search`."""
        return self.store.search(queries, top_k)

    def tiles(self, ids: Sequence[int]) -> list[Tile]:
        """The tiles of some ids, in the order given."""
        return self._tiles.read(ids)

    def refuse_other_model(self, fingerprint: ModelFingerprint) -> None:
        """Raise unless the model of ``fingerprint`` is the one that made this index.

        Raises:
            ValueError: naming what differs.
        """
        found = self.card.fingerprint.differences(fingerprint)
        if found:
            raise ValueError(
                f'{self.folder} was made by another model, index against model given: '
                f'{", ".join(found)}; give the model of the index, or index anew with this one'
            )


def _place(folder: Path) -> Path:
    """Where the index lies: between the two renames of a new one, the last good one is aside."""
    if (folder / CARD).is_file():
        return folder
    aside = moved_aside(folder)
    if aside is None or not (aside / CARD).is_file():
        raise FileNotFoundError(
            f'{folder} holds no index: {CARD} is absent; make one with tools/index.py'
        )
    return aside


def _identity(folder: Path) -> int | None:
    return os.stat(folder).st_ino if folder.is_dir() else None


def map_store(path: Path) -> ExactStore:
    try:
        return ExactStore(np.load(path, mmap_mode='r', allow_pickle=False))
    except (OSError, EOFError, ValueError) as error:
        raise ValueError(f'{path} holds no vectors: {error}; index anew') from None
