"""Counting, tile by tile, how a gallery compares with the positives of each query."""

import torch
from torch import Tensor

from pir_mm.functional.standing import Standing


class Tally:
    """Counts towards the standing of queries, from tiles that come in any order.

    Args:
        scores: ``(P,)`` scores of the positive pairs, exactly as the tiles will hold them.
        query: ``(P,)`` long, query of each pair.
        entry: ``(P,)`` long, gallery entry of each pair.
        queries: number of queries; each has at least one pair.
    """

    def __init__(self, scores: Tensor, query: Tensor, entry: Tensor, queries: int) -> None:
        self.best = scores.new_zeros(queries).scatter_reduce(
            0, query, scores, 'amax', include_self=False
        )
        at_best = scores == self.best[query]
        self.positives = query[at_best].bincount(minlength=queries)
        self.last = self.positives.new_zeros(queries).scatter_reduce(
            0, query[at_best], entry[at_best], 'amax'
        )
        self.above, self.equal, self.later = self.positives.new_zeros(3, queries)

    def add(self, tile: Tensor, query: Tensor, entry: Tensor) -> None:
        """Count one tile ``(q, g)``; ``query`` (q,) and ``entry`` (g,) say whose scores it holds.

        Together the tiles hold each query and entry exactly once.
        """
        best = self.best[query].unsqueeze(1)
        above, reach = _count(tile > best), _count(tile >= best)
        self.above.index_add_(0, query, above)
        self.equal.index_add_(0, query, reach - above)
        some = (reach - above).nonzero().squeeze(1)
        same = tile[some] == best[some]
        behind = entry.unsqueeze(0) > self.last[query[some]].unsqueeze(1)
        self.later.index_add_(0, query[some], _count(same & behind))

    def standing(self) -> Standing:
        """The result, on the CPU, once every tile was added."""
        parts = (self.above, self.equal - self.positives, self.positives, self.later)
        return Standing(*(part.cpu() for part in parts))


def _count(mask: Tensor) -> Tensor:
    return mask.sum(dim=1, dtype=torch.int32).long()  # several times faster than a long sum
