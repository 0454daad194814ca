"""Exact nearest vectors by inner product, in NumPy."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pir_mm.structures.ranking import Ranking

BLOCK_SCORES = 1 << 24  # scores held at a time, 64 MiB in float32


class VectorStore(Protocol):
    """Where vectors are searched: the exact one here, or another engine behind the same methods."""

    def __len__(self) -> int:
        """Number of vectors."""

    def add(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Add vectors ``(n, D)`` of unit norm under ids ``(n,)``, increasing and new."""

    def remove(self, ids: NDArray[np.int64]) -> None:
        """Remove the vectors of some ids; ids that are not there do no harm."""

    def search(
        self, queries: NDArray[np.float32], top_k: int, where: NDArray[np.int64] | None = None
    ) -> Ranking:
        """Rank the vectors, or those of the ids ``where``, for each query ``(Q, D)``."""


def checked_queries(queries: NDArray[np.float32], top_k: int, width: int) -> NDArray[np.float32]:
    """Queries ``(Q, D)`` as float32.

    Raises:
        ValueError: if ``top_k`` is below 1, or the queries have another width or a non-finite
            number.
    """
    queries = np.asarray(queries, dtype=np.float32)
    if top_k < 1:
        raise ValueError(f'top_k must be at least 1, got {top_k}')
    if queries.ndim != 2 or queries.shape[1] != width or len(queries) == 0:
        raise ValueError(f'queries must be (Q, {width}), Q at least 1, got {queries.shape}')
    if not np.isfinite(queries).all():
        raise ValueError('queries hold a number that is not finite')
    return queries


def ranked(
    ids: NDArray[np.int64], scores: NDArray[np.float32], top_k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The ``top_k`` best of ``(Q, m)`` ids and scores, best first; equal scores by id."""
    order = np.lexsort((ids, -scores), axis=1)[:, :top_k]
    return np.take_along_axis(ids, order, axis=1), np.take_along_axis(scores, order, axis=1)


def best(scores: NDArray[np.float32], top_k: int) -> NDArray[np.intp]:
    """Columns of the ``top_k`` largest scores of each row, largest first; ties by column.

    Args:
        scores: ``(Q, G)``, finite, ``G >= top_k``.

    Returns:
        ``(Q, top_k)``.
    """
    least = np.partition(scores, -top_k, axis=-1)[:, -top_k]
    rows = []
    for row, bound in zip(scores, least, strict=True):
        candidates = np.flatnonzero(row >= bound)  # more than top_k where scores are equal
        order = np.argsort(-row[candidates], kind='stable')
        rows.append(candidates[order[:top_k]])
    return np.stack(rows)


@dataclass(eq=False)
class _Segment:
    """Vectors ``(n, D)``, their ids ``(n,)`` increasing, and which rows count."""

    ids: NDArray[np.int64]
    vectors: NDArray[np.float32]
    alive: NDArray[np.bool_]


class ExactStore:
    """A :class:`VectorStore` that compares every vector with every query, block by block.

    Exact for any vectors, without training and without parameters. Vectors may be memory maps: they
    are not copied, one block is read at a time, and the scores held never exceed ``block_scores``
    by more than one row of the gallery.

    Args:
        width: ``D`` of all vectors.
        block_scores: query-gallery scores computed at a time.
    """

    def __init__(self, width: int, block_scores: int = BLOCK_SCORES) -> None:
        self.width = width
        self.block_scores = block_scores
        self._segments: list[_Segment] = []

    def __len__(self) -> int:
        return sum(int(segment.alive.sum()) for segment in self._segments)

    @property
    def ids(self) -> NDArray[np.int64]:
        """Ids of all vectors ``(G,)``, increasing."""
        parts = [segment.ids[segment.alive] for segment in self._segments]
        return np.sort(np.concatenate([np.empty(0, np.int64), *parts]))

    def add(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Add vectors; they are kept, not copied.

        Args:
            ids: ``(n,)``, increasing and new.
            vectors: ``(n, D)`` float32 of unit norm.

        Raises:
            ValueError: if the vectors are not float32 of this width, or the ids do not fit.
        """
        if vectors.dtype != np.float32 or vectors.shape != (len(ids), self.width):
            raise ValueError(
                f'vectors must be float32 of shape ({len(ids)}, {self.width}), got '
                f'{vectors.dtype} of shape {vectors.shape}'
            )
        if (np.diff(ids) <= 0).any():
            raise ValueError('ids of vectors must increase')
        self._segments.append(_Segment(ids, vectors, np.ones(len(ids), dtype=bool)))

    def remove(self, ids: NDArray[np.int64]) -> None:
        """Remove the vectors of some ids ``(n,)``; ids that are not there do no harm."""
        for segment in self._segments:
            segment.alive[_positions(segment.ids, ids)] = False

    def vectors(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """The vectors ``(n, D)`` of some ids ``(n,)``, in the order given.

        Raises:
            ValueError: if there is no such id.
        """
        found, is_there = self._gathered(ids)
        if not is_there.all():
            raise ValueError(f'there is no vector of tile {np.asarray(ids)[~is_there][0]}')
        return found

    def scores(self, queries: NDArray[np.float32], ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Inner products ``(Q, m)`` of each query with vectors of its own ids ``(Q, m)``.

        Where there is no such vector, the score is minus infinity.
        """
        found = np.full(ids.shape, -np.inf, dtype=np.float32)
        for query, row, own in zip(queries, found, ids, strict=True):
            vectors, is_there = self._gathered(own)
            row[is_there] = vectors[is_there] @ query
        return found

    def blocks(self, rows: int = 1 << 16) -> Iterator[tuple[NDArray[np.int64], NDArray]]:
        """All ids ``(n,)`` and vectors ``(n, D)``, at most ``rows`` at a time."""
        for segment in self._segments:
            for start in range(0, len(segment.ids), rows):
                alive = segment.alive[start : start + rows]
                if alive.any():
                    part = slice(start, start + rows)
                    yield segment.ids[part][alive], segment.vectors[part][alive]

    def since(self, first: int) -> 'ExactStore':
        """The vectors of ids from ``first`` on; what is removed here later is removed there too."""
        store = ExactStore(self.width, self.block_scores)
        for segment in self._segments:
            start = int(np.searchsorted(segment.ids, first))
            if start < len(segment.ids):
                parts = (segment.ids[start:], segment.vectors[start:], segment.alive[start:])
                store._segments.append(_Segment(*parts))
        return store

    def _gathered(self, ids: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Vectors ``(n, D)`` of some ids ``(n,)``, and which of them there are."""
        ids = np.asarray(ids, dtype=np.int64)
        vectors = np.zeros((len(ids), self.width), dtype=np.float32)
        is_there = np.zeros(len(ids), dtype=bool)
        for segment in self._segments:
            if len(segment.ids):
                positions = np.searchsorted(segment.ids, ids).clip(max=len(segment.ids) - 1)
                here = (segment.ids[positions] == ids) & segment.alive[positions]
                vectors[here] = segment.vectors[positions[here]]
                is_there |= here
        return vectors, is_there

    def search(
        self, queries: NDArray[np.float32], top_k: int, where: NDArray[np.int64] | None = None
    ) -> Ranking:
        """Rank the gallery for each query; a ``top_k`` above ``G`` gives all ``G``.

        Args:
            queries: ``(Q, D)``, ``Q`` at least 1.
            top_k: how many of the gallery, at least 1.
            where: ids ``(n,)`` to which the gallery is narrowed; ``None`` is all.

        Returns:
            Ids and inner products, ``(Q, min(top_k, G))``, best first, equal scores in the order of
            the ids.

        Raises:
            ValueError: if ``top_k`` is below 1, or the queries have another width or a non-finite
                number.
        """
        queries = checked_queries(queries, top_k, self.width)
        ids = np.empty((len(queries), 0), dtype=np.int64)
        scores = np.empty((len(queries), 0), dtype=np.float32)
        for segment in self._segments:
            counts = segment.alive
            if where is not None:
                counts = np.zeros(len(segment.ids), dtype=bool)
                counts[_positions(segment.ids, where)] = True
                counts &= segment.alive
            step = max(1, self.block_scores // len(queries))
            for start in range(0, len(segment.ids), step):
                rows = np.flatnonzero(counts[start : start + step])
                if len(rows) == 0:
                    continue
                block = _scores(queries, segment.vectors[start : start + step], rows)
                order = best(block, min(top_k, len(rows)))
                ids = np.concatenate([ids, segment.ids[start + rows[order]]], axis=1)
                scores = np.concatenate([scores, np.take_along_axis(block, order, axis=1)], axis=1)
                ids, scores = ranked(ids, scores, top_k)
        return Ranking(ids=ids, scores=scores)


def _scores(
    queries: NDArray[np.float32], vectors: NDArray[np.float32], rows: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Inner products ``(Q, len(rows))``; few rows are gathered, of most all are compared."""
    if len(rows) == len(vectors):
        return queries @ vectors.T
    if 2 * len(rows) < len(vectors):
        return queries @ vectors[rows].T
    return (queries @ vectors.T)[:, rows]


def _positions(ids: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.intp]:
    """Where in increasing ``ids`` those of ``wanted`` stand that are among them."""
    positions = np.searchsorted(ids, wanted)
    inside = positions < len(ids)
    positions = positions[inside]
    return positions[ids[positions] == np.asarray(wanted)[inside]]
