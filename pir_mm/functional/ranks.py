"""The rank of the best positive of each query, counted tile by tile without sorting the gallery."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

TIES = ('expected', 'optimistic', 'pessimistic', 'official')
TILE = 512  # rows and columns whose scores fit into the cache of a CPU


class PositivePairs(NamedTuple):
    """The right answers: ``gallery[p]`` is a positive of ``query[p]``. No pair occurs twice.

    Args:
        query: ``(P,)`` long, index of the query of each pair.
        gallery: ``(P,)`` long, index of the gallery item of each pair.
    """

    query: Tensor
    gallery: Tensor

    @classmethod
    def image_to_text(cls, image_of_text: Tensor) -> PositivePairs:
        """Images are the queries and all their texts are the positives."""
        return cls(image_of_text, torch.arange(len(image_of_text), device=image_of_text.device))

    def reversed(self) -> PositivePairs:
        """The same pairs for the other direction: queries and gallery change roles."""
        return PositivePairs(self.gallery, self.query)

    def to(self, device: torch.device) -> PositivePairs:
        return PositivePairs(self.query.to(device), self.gallery.to(device))


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


Compare = Callable[[Tensor, Tensor], Tensor]
"""Rows ``(q, D)`` and ``(g, D)`` of both sides to their scores ``(q, g)``, each row by itself."""

Tile = tuple[Tensor, Tensor, Tensor]
"""Scores ``(q, g)``, the indices ``(q,)`` of their queries and ``(g,)`` of their gallery items."""


class TileReader(Protocol):
    """Something that takes the scores of queries tile by tile, in any order."""

    def add(self, tile: Tensor, query: Tensor, gallery: Tensor) -> None: ...


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


def read_tiles(
    tiles: Iterable[Tile], forward: TileReader, backward: TileReader | None = None
) -> None:
    """Show every tile to the reader of one direction, or to those of both, in one pass.

    Args:
        tiles: scores of all queries with the whole gallery.
        forward: reads the tiles as they are.
        backward: reads the transposed tiles; the gallery items are its queries.
    """
    for tile, query, gallery in tiles:
        forward.add(tile, query, gallery)
        if backward is not None:
            backward.add(tile.T, gallery, query)


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
    scores = _as_tensor(similarity[at])
    return _rank_both(_matrix_tiles(similarity), scores, pairs, *similarity.shape)


def inner_products(query: Tensor, gallery: Tensor) -> Tensor:
    """Scores ``(q, g)`` of embeddings ``(q, D)`` and ``(g, D)``."""
    return query @ gallery.T


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


def _matrix_tiles(similarity: Tensor | np.ndarray) -> Iterator[Tile]:
    images, texts = similarity.shape
    for top in range(0, images, TILE):
        for left in range(0, texts, TILE):
            tile = _as_tensor(similarity[top : top + TILE, left : left + TILE])
            if not torch.stack(tile.aminmax()).isfinite().all():  # a NaN makes both NaN
                raise ValueError('similarity has a score that is not finite: check the embeddings')
            row, column = (torch.arange(n, device=tile.device) for n in tile.shape)
            yield tile, row + top, column + left


def _as_tensor(values: Tensor | np.ndarray) -> Tensor:
    # The copy is writable, contiguous and in memory, whatever the array was.
    return values.detach() if isinstance(values, Tensor) else torch.from_numpy(np.array(values))


class ProductTiles:
    """Tiles of ``query @ gallery.T``, or of another comparison; the whole is never in memory.

    Matrix multiplication does not round alike at every position and for every shape. This must
    not decide a tie. So scores are computed for distinct rows only and copied to equal rows,
    and the score of a positive pair is read from the same tile as the scores of its negatives.

    Args:
        query: ``(Q, D)``, finite.
        gallery: ``(G, D)``, finite, on the same device.
        pairs: the positive pairs.
        chunk: most rows and most columns of a tile. By default a size that suits the device: the
            cache of a CPU, or enough work for an accelerator.
        compare: gives the scores of a tile.
    """

    def __init__(
        self,
        query: Tensor,
        gallery: Tensor,
        pairs: PositivePairs,
        chunk: int | None = None,
        compare: Compare = inner_products,
    ) -> None:
        self.compare = compare
        self.chunk = chunk or (TILE if query.device.type == 'cpu' else 16 * TILE)
        pairs = pairs.to(query.device)
        # Each side follows its partners on the other side: then few tiles hold all positive pairs.
        columns = _order_by_first_partner(pairs.reversed(), len(gallery))
        position = PositivePairs(pairs.query, columns.argsort()[pairs.gallery])
        rows = _order_by_first_partner(position, len(query))
        self.query, self.row = _distinct_rows(query, rows)
        self.gallery, self.column = _distinct_rows(gallery, columns)
        cell = self.row[pairs.query] * len(self.gallery) + self.column[pairs.gallery]
        cells, self.cell_of_pair = cell.unique(return_inverse=True)
        self.cell_row, self.cell_column = cells // len(self.gallery), cells % len(self.gallery)
        self.cells_of_tile = self._cells_of_tile()
        self.cell_score = self._cell_score()

    def positive_scores(self) -> Tensor:
        """Scores ``(P,)`` of the positive pairs, exactly as the tiles contain them."""
        return self.cell_score[self.cell_of_pair]

    def __iter__(self) -> Iterator[Tile]:
        """The tiles; together they contain each query with each gallery item once."""
        columns = _members(self.column, self.chunk)
        for i, query in enumerate(_members(self.row, self.chunk)):
            for j, gallery in enumerate(columns):
                tile = self._scores(i, j)
                cells = self.cells_of_tile.get((i, j))
                if cells is not None:
                    tile[self._within(cells)] = self.cell_score[cells]
                if tile.shape == (len(query), len(gallery)):
                    yield tile, query, gallery
                else:
                    yield from self._copied(tile, query, gallery)

    def _copied(self, tile: Tensor, query: Tensor, gallery: Tensor) -> Iterator[Tile]:
        """The product of distinct rows, copied to all queries and gallery items that equal them."""
        for some in query.split(self.chunk):
            rows = tile[self.row[some] % self.chunk]
            for others in gallery.split(self.chunk):
                yield rows[:, self.column[others] % self.chunk], some, others

    def _scores(self, i: int, j: int) -> Tensor:
        rows = self.query[i * self.chunk : (i + 1) * self.chunk]
        return self.compare(rows, self.gallery[j * self.chunk : (j + 1) * self.chunk])

    def _within(self, cells: Tensor) -> tuple[Tensor, Tensor]:
        return self.cell_row[cells] % self.chunk, self.cell_column[cells] % self.chunk

    def _cells_of_tile(self) -> dict[tuple[int, int], Tensor]:
        tile = torch.stack([self.cell_row, self.cell_column], dim=1) // self.chunk
        tiles, tile_of_cell, sizes = tile.unique(dim=0, return_inverse=True, return_counts=True)
        cells = tile_of_cell.argsort(stable=True).split(sizes.tolist())
        return {(i, j): some for (i, j), some in zip(tiles.tolist(), cells, strict=True)}

    def _cell_score(self) -> Tensor:
        score = self.query.new_empty(len(self.cell_row))
        for (i, j), cells in self.cells_of_tile.items():
            score[cells] = self._scores(i, j)[self._within(cells)]
        return score


def _order_by_first_partner(pairs: PositivePairs, size: int) -> Tensor:
    """The ``size`` queries in the order of their first positive; those without one come last."""
    last = torch.iinfo(torch.int64).max
    first = pairs.query.new_full((size,), last).scatter_reduce(0, *pairs, 'amin')
    return first.argsort(stable=True)


def _distinct_rows(rows: Tensor, order: Tensor) -> tuple[Tensor, Tensor]:
    """The distinct rows by first appearance in ``order``, and the number of each row's own."""
    values = rows.cpu().numpy() + 0  # makes one zero of the two, which are equal but differ in bits
    order = order.cpu().numpy()
    seen: dict[bytes, int] = {}
    digests = (blake2b(values[i], digest_size=16).digest() for i in order)
    number = np.empty(len(order), dtype=np.int64)
    number[order] = [seen.setdefault(digest, len(seen)) for digest in digests]
    first = order[np.unique(number[order], return_index=True)[1]]
    return rows[first], torch.from_numpy(number).to(rows.device)


def _members(group: Tensor, chunk: int) -> tuple[Tensor, ...]:
    """The members of each ``chunk`` of groups, in the order of their groups."""
    return group.argsort(stable=True).split((group // chunk).bincount().tolist())
