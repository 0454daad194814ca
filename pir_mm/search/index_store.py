"""The store of an index: opened by what its note says, built by what people ask for."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pir_mm.search.candidate_store import CandidateStore, Engine
from pir_mm.search.exact_store import ExactStore, VectorStore
from pir_mm.search.index_card import movable, resolved
from pir_mm.search.inverted_file import ENDING, InvertedFile, can_map, write_inverted_file
from pir_mm.search.milvus_collection import MilvusCollection, new_collection
from pir_mm.search.recall_tuning import TRIED, Width, find_widths
from pir_mm.search.store_note import LOCAL, StoreNote, is_milvus, refuse_unknown_store
from pir_mm.search.tile_table import TileTable
from pir_mm.search.vector_file import ENDING as VECTORS_ENDING
from pir_mm.search.vector_file import map_vectors, new_name

VECTORS = 'vectors'
ANN = 'ann'
"""Folder of the inverted file."""
NOTE = 'store'
"""Name of the note."""
PAYS_FROM = 200_000
"""Vectors from which ``auto`` takes FAISS."""
FRESH_ROWS = 100_000
"""Vectors that an engine may lack, which are compared one by one, before it is built anew."""
LOST_SHARE = 0.25
"""Of the vectors that an engine has, above which it is built or measured anew."""
TextQueries = Callable[[], NDArray[np.float32]]


def exact_store(table: TileTable, vectors: Path, width: int) -> ExactStore:
    """All vectors of an index, mapped into memory, without those that were removed.

    Raises:
        FileNotFoundError: if a file of vectors is absent.
        ValueError: if one is damaged.
    """
    store = ExactStore(width)
    for segment in table.segments():
        path = vectors / f'{segment.name}{VECTORS_ENDING}'
        store.add(segment.ids, map_vectors(path, segment.rows, width))
    store.remove(table.removed())
    return store


def open_store(exact: ExactStore, note: StoreNote, place: Path, folder: Path) -> VectorStore:
    """The store that a note tells of.

    Args:
        exact: all vectors of the index.
        note: of the index.
        place: where its files are.
        folder: of the index, to which the path of a file of Milvus is relative.

    Raises:
        FileNotFoundError: if its file or collection is absent.
        ModuleNotFoundError: if its library is not installed.
        ValueError: if it cannot be used.
    """
    if note.kind == 'exact':
        return exact
    if note.kind == 'faiss':
        path = place / ANN / f'{note.name}{ENDING}'
        engine = InvertedFile(path, exact.width, note.sufficient)
    else:
        where = _where(note.asked, folder)
        engine = MilvusCollection(where, note.name, exact.width, note.sufficient)
    return CandidateStore(exact, engine, note.covered)


def _where(asked: str, folder: Path) -> str:
    return resolved(asked, folder) if asked.endswith(LOCAL) else asked


class StoreBuilder:
    """Brings the store of an index up to date, under the index's only writer.

    What the note names now is not changed, it serves until the new note is kept.

    Args:
        table: opened for writing.
        place: where the files of the index are.
        folder: of the index, to which the path of a file of Milvus is relative.
        width: ``D``.
        text_queries: gives queries ``(Q, D)`` to measure recall with; without it vectors of the
            index are taken, which an engine finds more easily than texts.
    """

    def __init__(
        self,
        table: TileTable,
        place: Path,
        folder: Path,
        width: int,
        text_queries: TextQueries | None = None,
    ) -> None:
        self._table, self._place, self._folder = table, place, folder
        self._text_queries = text_queries
        self._exact = exact_store(table, place / VECTORS, width)

    def bring(self, asked: str | None = None) -> StoreNote:
        """Build what is asked for, if it is not there or lacks too much, and note it.

        Args:
            asked: see :class:`StoreNote`; ``None`` for what people asked before.

        Raises:
            ValueError: if there is no such store, or it cannot be built.
        """
        refuse_unknown_store(asked)
        note = StoreNote.of(self._table.note(NOTE))
        if is_milvus(asked or note.asked):
            self._fill_milvus(note, asked)
        else:
            self._keep(self._inverted_file(note, asked or note.asked))
        note = StoreNote.of(self._table.note(NOTE))
        for path in (self._place / ANN).glob('*'):
            if path.name != f'{note.name}{ENDING}':
                with suppress(OSError):  # some systems keep what a reader has opened
                    path.unlink()
        return note

    def _keep(self, note: StoreNote) -> None:
        if note == StoreNote.of(self._table.note(NOTE)):
            return
        with self._table.transaction():
            self._table.set_note(NOTE, note.to_json())

    def _inverted_file(self, note: StoreNote, asked: str) -> StoreNote:
        rows = len(self._exact)
        is_wanted = asked == 'faiss' or (asked == 'auto' and rows >= PAYS_FROM and can_map())
        if not is_wanted or rows < min(TRIED):
            return StoreNote(asked)
        if not is_milvus(note.asked) and note.rows and self._still_serves(note):
            return replace(note, asked=asked)
        if not can_map():
            raise ValueError('FAISS maps no files into memory on this system: use --store exact')
        name = new_name()
        path = self._place / ANN / f'{name}{ENDING}'
        write_inverted_file(path, self._exact)
        engine = InvertedFile(path, self._exact.width)
        widths, queries = self._measured(engine)
        kind, name = ('faiss', name) if engine.widths else ('exact', '')
        return StoreNote(asked, kind, name, self._table.next_id, rows, widths, queries)

    def _fill_milvus(self, note: StoreNote, asked: str | None) -> None:
        """Send what a collection lacks, and take out of it what is gone."""
        given = asked or note.asked
        where = _where(given, self._folder) if asked is None else asked
        kept = movable(given, self._folder) if asked and asked.endswith(LOCAL) else given
        is_new = note.asked != kept or note.kind != 'milvus'
        if is_new:
            note = StoreNote(kept, 'milvus', new_collection())
            self._keep(note)  # so that a killed run goes on with it
        engine = MilvusCollection(
            where, note.name, self._exact.width, note.sufficient, make=True, is_named=bool(asked)
        )
        engine.put(self._exact.since(note.covered))
        gone = self._table.removed()
        engine.remove(gone[gone < note.covered])
        covered = self._table.next_id
        if note.widths and not self._is_stale(note):
            self._keep(replace(note, covered=covered))
        else:
            widths, queries = self._measured(engine)
            rows = len(self._exact)
            self._keep(StoreNote(kept, 'milvus', note.name, covered, rows, widths, queries))
        engine.close()

    def _still_serves(self, note: StoreNote) -> bool:
        if note.kind == 'faiss':
            try:
                InvertedFile(self._place / ANN / f'{note.name}{ENDING}', self._exact.width)
            except (FileNotFoundError, ValueError):  # lost or damaged
                return False
        return not self._is_stale(note)

    def _is_stale(self, note: StoreNote) -> bool:
        fresh = len(self._exact.since(note.covered))
        lost = note.rows - (len(self._exact) - fresh)
        return fresh > FRESH_ROWS or lost > LOST_SHARE * note.rows

    def _measured(self, engine: Engine) -> tuple[tuple[Width, ...], str]:
        if self._text_queries is None:
            ids = np.random.default_rng(0).permutation(self._exact.ids)[:200]
            queries, words = self._exact.vectors(ids), f'{len(ids)} vectors of its own'
        else:
            queries = np.unique(self._text_queries(), axis=0)
            words = f'{len(queries)} sentences'
        return tuple(find_widths(engine, self._exact, queries)), words
