"""Nearest vectors in two steps: an engine proposes, the float32 vectors decide."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pir_mm.search.exact_store import ExactStore, checked_queries, ranked
from pir_mm.structures.ranking import Ranking

EXACT_ROWS = 20_000
"""Vectors up to which comparing every one is the faster way, also of some that are gathered."""


class Engine(Protocol):
    """Proposes ids among which the nearest vectors are, most of the time.

    How far it looks is its width, a whole number; what the number means is the engine's own.
    """

    widths: dict[int, int]
    """The width that suffices for the best ``k``, by ``k``."""

    def ladder(self, top_k: int) -> list[int]:
        """Widths to try for the best ``top_k``, increasing."""

    def propose(
        self, queries: NDArray[np.float32], top_k: int, where: NDArray[np.int64] | None = None
    ) -> NDArray[np.int64]:
        """Ids ``(Q, m)`` for each query ``(Q, D)``, -1 where there is none.

        Args:
            queries: unit vectors.
            top_k: at most the largest key of ``widths``.
            where: ids ``(n,)``, increasing, to which the search is narrowed.
        """


class CandidateStore:
    """A :class:`~pir_mm.search.exact_store.VectorStore` over an engine that knows most vectors.

    What the engine proposes is scored by the float32 vectors and ranked anew, so that scores are
    exact, and nothing is found that is not among these: an id that the engine still has but that
    was removed is passed over. Vectors that the engine lacks, those of ids from ``covered`` on, are
    compared one by one. Where an engine proposes too few, where a search is narrowed to few ids, or
    wants more than the engine was tried with, all are compared.

    Args:
        exact: all vectors.
        engine: knows those of ids below ``covered``, and maybe some that are gone.
        covered: the first id that the engine may lack.
        exact_rows: ids up to which a narrowed search compares all.
    """

    def __init__(
        self, exact: ExactStore, engine: Engine, covered: int, exact_rows: int = EXACT_ROWS
    ) -> None:
        self.exact = exact
        self.engine = engine
        self.covered = covered
        self.exact_rows = exact_rows
        self._fresh = exact.since(covered)

    def __len__(self) -> int:
        return len(self.exact)

    def add(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Add vectors that the engine does not know, as :meth:`ExactStore.add`."""
        self.exact.add(ids, vectors)
        self._fresh = self.exact.since(self.covered)

    def remove(self, ids: NDArray[np.int64]) -> None:
        """Remove the vectors of some ids ``(n,)``; ids that are not there do no harm."""
        self.exact.remove(ids)

    def search(
        self, queries: NDArray[np.float32], top_k: int, where: NDArray[np.int64] | None = None
    ) -> Ranking:
        """Rank the gallery for each query, as :meth:`ExactStore.search` does, nearly always."""
        queries = checked_queries(queries, top_k, self.exact.width)
        among = len(self) if where is None else len(where)
        if among <= self.exact_rows or top_k > max(self.engine.widths, default=0):
            return self.exact.search(queries, top_k, where)
        proposed = np.sort(self.engine.propose(queries, top_k, where), axis=1)
        scores = self.exact.scores(queries, proposed)
        scores[:, 1:][proposed[:, 1:] == proposed[:, :-1]] = -np.inf
        short = np.isfinite(scores).sum(axis=1) < top_k
        if short.all():
            return self.exact.search(queries, top_k, where)
        fresh = self._fresh.search(queries, top_k, where)
        ids, scores = ranked(
            np.concatenate([proposed, fresh.ids], axis=1),
            np.concatenate([scores, fresh.scores], axis=1),
            top_k,
        )
        if short.any():
            again = self.exact.search(queries[short], top_k, where)
            ids[short], scores[short] = again.ids, again.scores
        return Ranking(ids=ids, scores=scores)
