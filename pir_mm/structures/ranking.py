"""The best of a gallery for each query, as a value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Ranking:
    """The ``k`` best gallery items of each query, best first.

    Evaluation, search, re-ranking and sheets use this value. Its invariants are checked when it is
    made, so no user of it checks again.

    Args:
        ids: ``(Q, k)`` indices of gallery items, none twice in a row.
        scores: ``(Q, k)`` finite, not increasing within a row.

    Raises:
        ValueError: if the shapes differ or are not ``(Q, k)``, an id is not an integer or stands
            twice in a row, a score is not finite, or a row is not sorted.
    """

    ids: np.ndarray
    scores: np.ndarray

    def __post_init__(self) -> None:
        ids, scores = np.asarray(self.ids), np.asarray(self.scores)
        if ids.ndim != 2 or ids.shape != scores.shape:
            raise ValueError(
                f'ids {ids.shape} and scores {scores.shape} of a ranking must have one and the '
                'same shape (queries, k)'
            )
        if ids.size and not np.issubdtype(ids.dtype, np.integer):
            raise ValueError(f'ids of a ranking must be integers, got {ids.dtype}')
        if not np.isfinite(scores).all():
            raise ValueError('a ranking holds a score that is not finite: check the embeddings')
        if (np.diff(scores, axis=1) > 0).any():
            raise ValueError('scores of a ranking must not increase within a row: sort them first')
        if (np.diff(np.sort(ids, axis=1), axis=1) == 0).any():
            raise ValueError('a ranking names one gallery item twice for the same query')
        object.__setattr__(self, 'ids', ids)
        object.__setattr__(self, 'scores', scores)

    @classmethod
    def from_scores(cls, scores: np.ndarray, k: int) -> Ranking:
        """Rank a ``(Q, G)`` matrix; of equal scores the lower index goes first.

        ``k`` above the gallery gives the whole gallery.
        """
        scores = np.asarray(scores)
        if scores.ndim != 2:
            raise ValueError(f'scores must be (queries, gallery), got shape {scores.shape}')
        if k < 1:
            raise ValueError(f'k must be at least 1, got {k}')
        if not np.isfinite(scores).all():
            raise ValueError('scores to rank must be finite: check the embeddings')
        ids = np.argsort(-scores, axis=1, kind='stable')[:, :k]
        return cls(ids, np.take_along_axis(scores, ids, axis=1))

    def __len__(self) -> int:
        return len(self.ids)
