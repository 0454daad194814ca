"""Exact nearest vectors by inner product, in NumPy."""

import numpy as np
from numpy.typing import NDArray

from pir_mm.structures.ranking import Ranking

BLOCK_SCORES = 1 << 24  # scores held at a time, 64 MiB in float32


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


class ExactStore:
    """Vectors compared with every query, block by block.

    Exact for any vectors, without training and without parameters. The gallery may be a memory map:
    one block of it is read at a time, and the scores held never exceed ``block_scores`` by more
    than one row of the gallery.

    Args:
        vectors: ``(G, D)`` float32 of unit norm, ``G`` at least 1.
        block_scores: query-gallery scores computed at a time.

    Raises:
        ValueError: if ``vectors`` is not a non-empty float32 matrix.
    """

    def __init__(self, vectors: NDArray[np.float32], block_scores: int = BLOCK_SCORES) -> None:
        if vectors.ndim != 2 or 0 in vectors.shape or vectors.dtype != np.float32:
            raise ValueError(
                f'vectors must be a float32 matrix of at least one row, got {vectors.dtype} '
                f'of shape {vectors.shape}'
            )
        self.vectors = vectors
        self.block_scores = block_scores

    def __len__(self) -> int:
        return len(self.vectors)

    def search(self, queries: NDArray[np.float32], top_k: int) -> Ranking:
        """Rank the gallery for each query; a ``top_k`` above ``G`` gives all ``G``.

        Args:
            queries: ``(Q, D)``, ``Q`` at least 1.
            top_k: how many of the gallery, at least 1.

        Returns:
            Ids (rows of the gallery) and inner products, ``(Q, min(top_k, G))``, best first, equal
            scores in the order of the ids.

        Raises:
            ValueError: if ``top_k`` is below 1, or the queries have another width or a non-finite
                number.
        """
        queries = np.asarray(queries, dtype=np.float32)
        width = self.vectors.shape[1]
        if top_k < 1:
            raise ValueError(f'top_k must be at least 1, got {top_k}')
        if queries.ndim != 2 or queries.shape[1] != width or len(queries) == 0:
            raise ValueError(f'queries must be (Q, {width}), Q at least 1, got {queries.shape}')
        if not np.isfinite(queries).all():
            raise ValueError('queries hold a number that is not finite')
        step = max(1, self.block_scores // len(queries))
        ids = np.empty((len(queries), 0), dtype=np.int64)
        scores = np.empty((len(queries), 0), dtype=np.float32)
        for start in range(0, len(self.vectors), step):
            block = queries @ self.vectors[start : start + step].T
            order = best(block, min(top_k, block.shape[1]))
            # What was found before stands in front, so that a tie goes to the lower id.
            ids = np.concatenate([ids, order + start], axis=1)
            scores = np.concatenate([scores, np.take_along_axis(block, order, axis=1)], axis=1)
            order = np.argsort(-scores, axis=1, kind='stable')[:, :top_k]
            ids = np.take_along_axis(ids, order, axis=1)
            scores = np.take_along_axis(scores, order, axis=1)
        return Ranking(ids=ids, scores=scores)
