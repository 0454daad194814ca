"""Two-stage retrieval: a fast filter ranks everything, a slow scorer re-ranks the first k.

One algorithm for evaluation and search. The filter gives embeddings; the scorer is handed in and
sees the candidate pairs only. Candidates come first, in the order of the scorer; all others follow
in the order of the filter. Each direction has its own candidates.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from pir_mm.functional.ranks import (
    PositivePairs,
    ProductTiles,
    QueryRanks,
    RankCounter,
    read_tiles,
)

Scorer = Callable[[Tensor, Tensor], Tensor]
"""``score(query_index (P,), gallery_index (P,)) -> (P,)``: one score for each pair."""


class Candidates(NamedTuple):
    """The first ``k`` gallery items of each query by the filter, best first.

    Of equal filter scores the lower index is first. ``ids`` (Q, k) long, ``scores`` (Q, k).
    """

    ids: Tensor
    scores: Tensor


class CandidateReader:
    """Finds the first ``k`` gallery items of each query from tiles that come in any order.

    Args:
        queries: number of queries ``Q``.
        gallery: size of the gallery ``G``; a larger ``k`` gives the whole gallery.
        k: candidates of a query.
        like: tensor whose type and device the scores have.

    Raises:
        ValueError: if ``k`` is below 1.
    """

    def __init__(self, queries: int, gallery: int, k: int, like: Tensor) -> None:
        if k < 1:
            raise ValueError(f'k must be at least 1, got {k}')
        self.k = min(k, gallery)
        self.gallery = gallery
        self.scores = like.new_full((queries, self.k), -torch.inf)
        # Places that are still free count as items behind the last one.
        self.ids = torch.full((queries, self.k), gallery, device=like.device)

    def add(self, tile: Tensor, query: Tensor, gallery: Tensor) -> None:
        """Take one tile ``(q, g)`` with the indices of its queries and gallery items."""
        scores = torch.cat([self.scores[query], tile], dim=1)
        ids = torch.cat([self.ids[query], gallery.expand(len(query), -1)], dim=1)
        # Sorted by index, then stably by score: of equal scores the lower index stays first.
        order = ids.argsort(dim=1)
        scores, ids = scores.gather(1, order), ids.gather(1, order)
        order = scores.argsort(dim=1, descending=True, stable=True)[:, : self.k]
        self.scores[query], self.ids[query] = scores.gather(1, order), ids.gather(1, order)

    def candidates(self) -> Candidates:
        """The result, on the CPU, after the last tile."""
        return Candidates(self.ids.cpu(), self.scores.cpu())


class Filtered(NamedTuple):
    """What the filter says of one direction.

    ``ranks`` of all queries, ``best`` (Q,) filter score of the best positive of each query, and
    the ``candidates`` for the scorer.
    """

    ranks: QueryRanks
    best: Tensor
    candidates: Candidates


def filter_both(
    image: Tensor, text: Tensor, image_of_text: Tensor, k: int, chunk: int | None = None
) -> tuple[Filtered, Filtered]:
    """Rank both directions by embeddings and keep the candidates, in one pass over the scores.

    Args:
        image: ``(N, D)``, finite.
        text: ``(M, D)``, finite.
        image_of_text: ``(M,)`` long; every image has a text.
        k: candidates of a query.
        chunk: most rows and columns of a tile, as in :class:`ProductTiles`.

    Returns:
        Images as queries, and texts as queries.
    """
    pairs = PositivePairs.image_to_text(image_of_text)
    tiles = ProductTiles(image, text, pairs, chunk)
    scores, pairs = tiles.positive_scores(), pairs.to(image.device)
    sides = [
        (RankCounter(scores, own, queries), CandidateReader(queries, gallery, k, image))
        for own, queries, gallery in (
            (pairs, len(image), len(text)),
            (pairs.reversed(), len(text), len(image)),
        )
    ]
    read_tiles(tiles, *(_Both(*side) for side in sides))
    return tuple(
        Filtered(counter.ranks(), counter.best.cpu(), reader.candidates())
        for counter, reader in sides
    )


class _Both:
    """Shows a tile to two readers."""

    def __init__(self, *readers) -> None:
        self.readers = readers

    def add(self, tile: Tensor, query: Tensor, gallery: Tensor) -> None:
        for reader in self.readers:
            reader.add(tile, query, gallery)


def rescore(candidates: Candidates, score: Scorer, chunk: int = 4096) -> Tensor:
    """Scores ``(Q, k)`` of the candidates by the scorer, ``chunk`` pairs at a time.

    Raises:
        ValueError: if the scorer does not give one finite score for each pair.
    """
    queries, k = candidates.ids.shape
    query = torch.arange(queries).repeat_interleave(k)
    parts = []
    for rows, columns in zip(
        query.split(chunk), candidates.ids.flatten().split(chunk), strict=True
    ):
        part = score(rows, columns)
        if part.shape != rows.shape:
            raise ValueError(
                f'a scorer must give one score for each of {len(rows)} pairs, '
                f'got {tuple(part.shape)}'
            )
        parts.append(part.detach().float().cpu())
    scores = torch.cat(parts).view(queries, k)
    if not scores.isfinite().all():
        raise ValueError('a scorer gave a score that is not finite: check the model')
    return scores


def reranked(filtered: Filtered, rescored: Tensor, pairs: PositivePairs) -> QueryRanks:
    """Ranks of the queries after their candidates were re-ranked.

    A query with a positive among its candidates is ranked there, by the new scores. Any other
    query keeps its candidates in front, and its best positive keeps its rank among the rest, which
    follows from the filter's counts without another pass over the scores.

    Args:
        filtered: what the filter says of this direction.
        rescored: ``(Q, k)`` new scores of the candidates.
        pairs: the positive pairs of this direction, on the CPU.
    """
    among = _ranks_among_candidates(filtered.candidates, rescored, pairs)
    behind = _ranks_behind_candidates(filtered)
    found = among.positives > 0
    return QueryRanks(
        *(
            torch.where(found, inside, outside)
            for inside, outside in zip(_counts(among), _counts(behind), strict=True)
        )
    )


def rerank_order(rescored: Tensor) -> Tensor:
    """Order ``(Q, k)`` of the candidates by the new scores; equal ones keep the filter's order."""
    return rescored.argsort(dim=1, descending=True, stable=True)


def _is_positive(ids: Tensor, pairs: PositivePairs) -> Tensor:
    """Whether each candidate ``(Q, k)`` is a positive of its query."""
    span = int(max(ids.max(), pairs.gallery.max())) + 1
    own = pairs.query * span + pairs.gallery
    keys = torch.arange(len(ids)).unsqueeze(1) * span + ids
    return torch.isin(keys, own)


def _ranks_among_candidates(
    candidates: Candidates, rescored: Tensor, pairs: PositivePairs
) -> QueryRanks:
    """Ranks within the candidates; ``positives`` is 0 where none of them is a positive."""
    positive = _is_positive(candidates.ids, pairs)
    best = rescored.masked_fill(~positive, -torch.inf).amax(dim=1, keepdim=True)
    equal = rescored == best
    last = candidates.ids.masked_fill(~(equal & positive), -1).amax(dim=1, keepdim=True)
    negative_equal = equal & ~positive
    return QueryRanks(
        (rescored > best).sum(dim=1),
        negative_equal.sum(dim=1),
        (equal & positive).sum(dim=1),
        (negative_equal & (candidates.ids > last)).sum(dim=1),
    )


def _ranks_behind_candidates(filtered: Filtered) -> QueryRanks:
    """Ranks of queries none of whose candidates is a positive: candidates first, then the rest."""
    ranks, best, (ids, scores) = filtered
    best = best.unsqueeze(1)
    # No candidate is behind the best positive. Those that tie with it have lower indices than it.
    return QueryRanks(
        ids.size(1) + ranks.higher - (scores > best).sum(dim=1),
        ranks.tied - (scores == best).sum(dim=1),
        ranks.positives,
        ranks.tied_behind,
    )


def _counts(ranks: QueryRanks) -> tuple[Tensor, ...]:
    return ranks.higher, ranks.tied, ranks.positives, ranks.tied_behind
