"""Where the best positive of a query stands in its gallery, and what ties make of it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

TIES = ('expected', 'optimistic', 'pessimistic', 'official')


@dataclass(frozen=True, eq=False)
class Standing:
    """Counts that decide, for each query, at which rank its first positive comes.

    Args:
        above: ``(Q,)`` gallery entries that score higher than the query's best positive.
        tied: ``(Q,)`` negatives that score exactly the same as it.
        positives: ``(Q,)`` positives that score the same as it, itself included.
        later: ``(Q,)`` those of ``tied`` that stand behind all of ``positives`` in the gallery.
    """

    above: Tensor
    tied: Tensor
    positives: Tensor
    later: Tensor

    def __getitem__(self, queries: Tensor) -> Standing:
        """The standing of some queries, chosen by index or mask."""
        parts = (self.above, self.tied, self.positives, self.later)
        return Standing(*(part[queries] for part in parts))

    def ahead(self, ties: str) -> Tensor:
        """Negatives before the first positive ``(Q,)``, in expectation for ``'expected'``.

        ``'optimistic'`` puts tied positives first, ``'pessimistic'`` last, ``'official'`` sorts
        stably and reverses, as the authors mean to, so that among equals the last of the gallery
        comes first; ``'expected'`` takes every order of equals for equally likely.
        """
        if ties == 'expected':
            return self.above + self.tied.double() / (self.positives + 1)
        if ties not in TIES:
            raise ValueError(f'ties={ties!r} is none of {", ".join(TIES)}')
        before = {'optimistic': 0, 'pessimistic': self.tied, 'official': self.later}
        return (self.above + before[ties]).double()

    def hit(self, k: int, ties: str) -> Tensor:
        """Probability ``(Q,)``, float64, that a positive is among the first ``k``.

        0 or 1 but for ``'expected'``, where of ``t`` tied negatives and ``p`` tied positives
        ``f`` still find place: a miss has the probability ``C(t, f) / C(t + p, f)``.
        """
        if ties != 'expected':
            return (self.ahead(ties) < k).double()
        places = (k - self.above).clamp(min=0).minimum(self.tied + self.positives)
        miss = (places == 0).double()
        unsure = ((places > 0) & (self.tied > 0)).nonzero().squeeze(1)
        if len(unsure):
            tied, positives, places = self.tied[unsure], self.positives[unsure], places[unsure]
            chance = torch.ones_like(tied, dtype=torch.float64)
            # A product over the few positives, exact for any f; one factor is 0 where f > t.
            for j in range(1, int(positives.max()) + 1):
                factor = (tied + j - places) / (tied + j).double()
                chance *= torch.where(positives >= j, factor, 1)
            miss[unsure] = chance
        return 1 - miss
