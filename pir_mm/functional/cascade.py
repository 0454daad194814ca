"""Two-stage retrieval: a fast filter ranks everything, a slow scorer re-ranks the first k.

One algorithm for evaluation and search. The filter gives a row for each item and compares rows; the
scorer reads the candidate pairs only. Candidates come first, in the order of the scorer; all others
follow in the order of the filter. Each direction has its own candidates.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from pir_mm.functional.ranks import QueryRanks, RankCounter
from pir_mm.functional.score_tiles import (
    Compare,
    PositivePairs,
    ProductTiles,
    inner_products,
    read_tiles,
)


class Candidates(NamedTuple):
    """The first ``k`` gallery items of each query, best first.

    Of equal scores of a filter the lower index is first. ``ids`` (Q, k) long, ``scores`` (Q, k).
    """

    ids: Tensor
    scores: Tensor

    def first(self, k: int) -> Candidates:
        """The first ``k`` of them."""
        return Candidates(self.ids[:, :k], self.scores[:, :k])


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

    def first(self, k: int) -> Filtered:
        """The same with the first ``k`` candidates of each query."""
        return self._replace(candidates=self.candidates.first(k))


def filter_both(
    image: Tensor,
    text: Tensor,
    image_of_text: Tensor,
    k: int,
    chunk: int | None = None,
    compare: Compare = inner_products,
) -> tuple[Filtered, Filtered]:
    """Rank both directions by a filter and keep the candidates, in one pass over the scores.

    Args:
        image: ``(N, D)``, finite.
        text: ``(M, D)``, finite.
        image_of_text: ``(M,)`` long; every image has a text.
        k: candidates of a query.
        chunk, compare: most rows and columns of a tile, and what gives its scores, as in
            :class:`ProductTiles`.

    Returns:
        Images as queries, and texts as queries.
    """
    pairs = PositivePairs.image_to_text(image_of_text)
    tiles = ProductTiles(image, text, pairs, chunk, compare)
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


class CandidatePairs(NamedTuple):
    """The pairs of an image and a text that are candidates of either, each once.

    The score of a pair does not depend on who asked for it, and captions of the same words are one
    text. ``image`` and ``text`` (P,) long are the pairs, images ascending. ``of_images`` (N, k) and
    ``of_texts`` (M, k) say which of the pairs each candidate of a query is.
    """

    image: Tensor
    text: Tensor
    of_images: Tensor
    of_texts: Tensor

    @classmethod
    def of(cls, of_images: Tensor, of_texts: Tensor, text_id: Tensor) -> CandidatePairs:
        """From the ids ``(N, k)`` of captions and ``(M, k)`` of images that are candidates.

        Args:
            of_images: for each image, candidates among the captions.
            of_texts: for each caption, candidates among the images.
            text_id: ``(M,)`` long from 0, the text of each caption.
        """
        texts = int(text_id.max()) + 1
        image = torch.arange(len(of_images)).unsqueeze(1)
        asked = [image * texts + text_id[of_images], of_texts * texts + text_id.unsqueeze(1)]
        pairs, place = torch.cat([own.flatten() for own in asked]).unique(return_inverse=True)
        places = place.split([own.numel() for own in asked])
        of_images, of_texts = (p.view(o.shape) for p, o in zip(places, asked, strict=True))
        return cls(pairs // texts, pairs % texts, of_images, of_texts)

    def spread(self, scores: Tensor) -> tuple[Tensor, Tensor]:
        """Scores ``(N, k)`` and ``(M, k)`` of the candidates from those of the pairs ``(P,)``.

        Raises:
            ValueError: if there is not one finite score for each pair.
        """
        if scores.shape != self.image.shape:
            raise ValueError(
                f'a scorer must give one score for each of {len(self.image)} pairs, '
                f'got {tuple(scores.shape)}'
            )
        if not scores.isfinite().all():
            raise ValueError('a scorer gave a score that is not finite: check the model')
        return scores[self.of_images], scores[self.of_texts]


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


def merged(candidates: Candidates, rescored: Tensor) -> Candidates:
    """The list that a cascade gives: the first ``k`` by the new scores, the others as they were.

    Equal new scores keep the filter's order. The scales of both stages are not comparable, so an
    item behind the first ``k`` gets the least new score of its query, less 1 for each place behind.

    Args:
        candidates: ``K`` of each query by the filter.
        rescored: ``(Q, k)`` new scores of the first ``k`` of them, finite.
    """
    k = rescored.size(1)
    order = rescored.argsort(dim=1, descending=True, stable=True)
    head, tail = candidates.ids[:, :k].gather(1, order), candidates.ids[:, k:]
    scores = rescored.gather(1, order)
    places = torch.arange(1, 1 + tail.size(1), device=scores.device)
    return Candidates(
        torch.cat([head, tail], dim=1), torch.cat([scores, scores[:, -1:] - places], dim=1)
    )


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
