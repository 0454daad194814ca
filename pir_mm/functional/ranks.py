"""The rank of the best positive of each query, counted tile by tile without sorting the gallery."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pir_mm.functional.score_tiles import (
    Compare,
    PositivePairs,
    ProductTiles,
    Tile,
    as_tensor,
    inner_products,
    matrix_tiles,
    read_tiles,
)

TIES = ('expected', 'optimistic', 'pessimistic', 'official')


@dataclass(frozen=True, eq=False)
class QueryRanks:
    """For each query, the counts that decide at which rank its first positive comes.

    Args:
        higher: ``(Q,)`` gallery items with a higher score than the best positive of the query.
        tied: ``(Q,)`` negatives with exactly the score of the best positive.
        positives: ``(Q,)`` positives with exactly this score; at least 1.
        tied_behind: ``(Q,)`` those of ``tied`` with a higher gallery index than all of
            ``positives``.
    """

    higher: Tensor
    tied: Tensor
    positives: Tensor
    tied_behind: Tensor

    def __getitem__(self, queries: Tensor) -> QueryRanks:
        """The ranks of some queries, chosen by index or mask."""
        counts = (self.higher, self.tied, self.positives, self.tied_behind)
        return QueryRanks(*(count[queries] for count in counts))

    def negatives_before(self, ties: str) -> Tensor:
        """Number of negatives before the first positive, ``(Q,)`` float64.

        Args:
            ties: the order of equal scores. ``'expected'`` gives the mean over all orders,
                ``'optimistic'`` puts the positives first, ``'pessimistic'`` puts them last.
                ``'official'`` is a stable sort that is then reversed, as the authors' code
                intends: of equal scores the highest gallery index comes first.

        Raises:
            ValueError: if ``ties`` is not one of these four.
        """
        if ties == 'expected':
            return self.higher + self.tied.double() / (self.positives + 1)
        check_ties(ties)
        before = {'optimistic': 0, 'pessimistic': self.tied, 'official': self.tied_behind}
        return (self.higher + before[ties]).double()

    def hits_at(self, k: int, ties: str) -> Tensor:
        """Probability that a positive is among the first ``k``, ``(Q,)`` float64.

        It is 0 or 1 for every rule but ``'expected'``. There, let ``t`` negatives and ``p``
        positives be tied and let ``f`` of these ``t + p`` fit into the first ``k``. No positive
        is among them with probability ``C(t, f) / C(t + p, f)``.
        """
        if ties != 'expected':
            return (self.negatives_before(ties) < k).double()
        fit = (k - self.higher).clamp(min=0).minimum(self.tied + self.positives)
        miss = (fit == 0).double()
        uncertain = ((fit > 0) & (self.tied > 0)).nonzero().squeeze(1)
        if len(uncertain):
            tied, positives, fit = (c[uncertain] for c in (self.tied, self.positives, fit))
            probability = torch.ones_like(tied, dtype=torch.float64)
            # A product over the few positives is exact for any f; one factor is 0 where f > t.
            for j in range(1, int(positives.max()) + 1):
                factor = (tied + j - fit) / (tied + j).double()
                probability *= torch.where(positives >= j, factor, 1)
            miss[uncertain] = probability
        return 1 - miss


def check_ties(ties: str) -> None:
    """Raise a ValueError if there is no such rule for ties."""
    if ties not in TIES:
        raise ValueError(f'ties={ties!r} is not one of {", ".join(TIES)}')


class RankCounter:
    """Counts the ranks of queries from tiles that come in any order.

    Args:
        scores: ``(P,)`` scores of the positive pairs, exactly as the tiles will contain them.
        pairs: the positive pairs, on the device of the scores.
        queries: number of queries ``Q``.

    Raises:
        ValueError: if a query has no positive.
    """

    def __init__(self, scores: Tensor, pairs: PositivePairs, queries: int) -> None:
        query, gallery = pairs
        without = (query.bincount(minlength=queries) == 0).nonzero()
        if len(without):
            raise ValueError(
                f'{len(without)} of {queries} queries have no positive, first query '
                f'{without[0].item()}: they have no rank, leave them out'
            )
        self.best = scores.new_zeros(queries).scatter_reduce(
            0, query, scores, 'amax', include_self=False
        )
        at_best = scores == self.best[query]
        self.positives = query[at_best].bincount(minlength=queries)
        self.last_positive = self.positives.new_zeros(queries).scatter_reduce(
            0, query[at_best], gallery[at_best], 'amax'
        )
        self.higher, self.equal, self.tied_behind = self.positives.new_zeros(3, queries)

    def add(self, tile: Tensor, query: Tensor, gallery: Tensor) -> None:
        """Count one tile. All tiles together contain each query with each gallery item once.

        Args:
            tile: ``(q, g)`` scores.
            query: ``(q,)`` long, the queries of the rows.
            gallery: ``(g,)`` long, the gallery items of the columns.
        """
        best = self.best[query].unsqueeze(1)
        higher, at_least = _count(tile > best), _count(tile >= best)
        self.higher.index_add_(0, query, higher)
        self.equal.index_add_(0, query, at_least - higher)
        rows = (at_least - higher).nonzero().squeeze(1)
        equal = tile[rows] == best[rows]
        behind = gallery.unsqueeze(0) > self.last_positive[query[rows]].unsqueeze(1)
        self.tied_behind.index_add_(0, query[rows], _count(equal & behind))

    def ranks(self) -> QueryRanks:
        """The result, on the CPU, after the last tile."""
        counts = (self.higher, self.equal - self.positives, self.positives, self.tied_behind)
        return QueryRanks(*(count.cpu() for count in counts))


def _count(mask: Tensor) -> Tensor:
    return mask.sum(dim=1, dtype=torch.int32).long()  # several times faster than a long sum


def rank_matrix(
    similarity: Tensor | np.ndarray, image_of_text: Tensor
) -> tuple[QueryRanks, QueryRanks]:
    """Ranks of the images and of the texts as queries, from a matrix ``(N, M)``.

    The matrix is read one tile at a time, so it may be a memory map.

    Raises:
        ValueError: if a score is not finite.
    """
    pairs = PositivePairs.image_to_text(image_of_text)
    at = tuple(pairs) if isinstance(similarity, Tensor) else tuple(i.numpy() for i in pairs)
    scores = as_tensor(similarity[at])
    return _rank_both(matrix_tiles(similarity), scores, pairs, *similarity.shape)


def rank_embeddings(
    image: Tensor,
    text: Tensor,
    image_of_text: Tensor,
    chunk: int | None = None,
    compare: Compare = inner_products,
) -> tuple[QueryRanks, QueryRanks]:
    """Ranks of the images and of the texts as queries, from finite ``(N, D)`` and ``(M, D)``.

    Only ``chunk ** 2`` scores are in memory at a time, and equal embeddings tie exactly, see
    :class:`ProductTiles`.
    """
    pairs = PositivePairs.image_to_text(image_of_text)
    tiles = ProductTiles(image, text, pairs, chunk, compare)
    return _rank_both(tiles, tiles.positive_scores(), pairs, len(image), len(text))


def rank_queries(
    query: Tensor, gallery: Tensor, pairs: PositivePairs, chunk: int | None = None
) -> QueryRanks:
    """Ranks of one direction alone: of queries ``(Q, D)`` in a gallery ``(G, D)``, both finite.

    Raises:
        ValueError: if a query has no positive.
    """
    tiles = ProductTiles(query, gallery, pairs, chunk)
    counter = RankCounter(tiles.positive_scores(), pairs.to(query.device), len(query))
    read_tiles(tiles, counter)
    return counter.ranks()


def _rank_both(
    tiles: Iterable[Tile], scores: Tensor, pairs: PositivePairs, images: int, texts: int
) -> tuple[QueryRanks, QueryRanks]:
    pairs = pairs.to(scores.device)
    image_counter = RankCounter(scores, pairs, images)
    text_counter = RankCounter(scores, pairs.reversed(), texts)
    read_tiles(tiles, image_counter, text_counter)
    return image_counter.ranks(), text_counter.ranks()
