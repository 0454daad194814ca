"""How wide an engine must search to find what comparing every vector finds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from pir_mm.search.candidate_store import Engine
from pir_mm.search.exact_store import ExactStore

TARGET = 0.98
"""Share of the true best that an engine must find."""
TRIED = (10, 100)
"""Numbers of best for which a width is looked for."""
SAME = 1e-6
"""Scores nearer than this are equal: sums in another order."""


@dataclass(frozen=True)
class Width:
    """How wide a search for the best ``k`` must be.

    Args:
        k: of the best.
        width: see :class:`Engine`.
        recall: mean share of the true best ``k`` that is proposed then.
    """

    k: int
    width: int
    recall: float

    def __post_init__(self) -> None:
        if (type(self.k), type(self.width)) != (int, int) or min(self.k, self.width) < 1:
            raise TypeError(f'k and width must be whole numbers above 0, got {self}')
        if type(self.recall) is not float:
            raise TypeError(f'recall must be a number, got {self.recall!r}')


def find_widths(
    engine: Engine,
    store: ExactStore,
    queries: NDArray[np.float32],
    target: float = TARGET,
    tried: tuple[int, ...] = TRIED,
) -> list[Width]:
    """The least width of an engine that reaches a recall, for each number of best.

    Args:
        engine: its ``widths`` are set to what is found.
        store: all vectors, for the truth.
        queries: ``(Q, D)``. They ought to be texts: these lie elsewhere than pictures, and an
            engine that finds the neighbours of pictures may miss those of texts.
        target: recall wanted.
        tried: numbers of best, increasing.

    Returns:
        One for each number of best; the last of them may stay below ``target`` at the widest
        search, after which no more are tried.
    """
    truth = store.search(queries, max(tried)).scores
    found: list[Width] = []
    for k in tried:
        if k > truth.shape[1]:
            break
        for width in tqdm(engine.ladder(k), desc=f'recall of the best {k}', disable=None):
            engine.widths = {**{f.k: f.width for f in found}, k: width}
            proposed = store.scores(queries, engine.propose(queries, k))
            hits = (proposed >= truth[:, k - 1 : k] - SAME).sum(axis=1)
            recall = float(np.minimum(hits, k).mean() / k)
            if recall >= target:
                break
        found.append(Width(k, width, recall))
        if recall < target:
            break
    engine.widths = {f.k: f.width for f in found if f.recall >= target}
    return found
