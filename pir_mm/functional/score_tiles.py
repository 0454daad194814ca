"""Scores of queries with a gallery, tile by tile, so that the whole is never in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from pir_mm.functional.group_blocks import group_blocks

TILE = 512  # rows and columns whose scores fit into the cache of a CPU

Compare = Callable[[Tensor, Tensor], Tensor]
"""Rows ``(q, D)`` and ``(g, D)`` of both sides to their scores ``(q, g)``, each row by itself."""

Tile = tuple[Tensor, Tensor, Tensor]
"""Scores ``(q, g)``, the indices ``(q,)`` of their queries and ``(g,)`` of their gallery items."""


class TileReader(Protocol):
    """Something that takes the scores of queries tile by tile, in any order."""

    def add(self, tile: Tensor, query: Tensor, gallery: Tensor) -> None: ...


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


def inner_products(query: Tensor, gallery: Tensor) -> Tensor:
    """Scores ``(q, g)`` of embeddings ``(q, D)`` and ``(g, D)``."""
    return query @ gallery.T


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


def matrix_tiles(similarity: Tensor | np.ndarray) -> Iterator[Tile]:
    """The tiles of a matrix ``(Q, G)``.

    Raises:
        ValueError: if a score is not finite.
    """
    images, texts = similarity.shape
    for top in range(0, images, TILE):
        for left in range(0, texts, TILE):
            tile = as_tensor(similarity[top : top + TILE, left : left + TILE])
            if not torch.stack(tile.aminmax()).isfinite().all():  # a NaN makes both NaN
                raise ValueError('similarity has a score that is not finite: check the embeddings')
            row, column = (torch.arange(n, device=tile.device) for n in tile.shape)
            yield tile, row + top, column + left


def as_tensor(values: Tensor | np.ndarray) -> Tensor:
    """Values of either kind without gradient; an array is copied into writable memory."""
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
        columns = group_blocks(self.column, self.chunk)
        for i, query in enumerate(group_blocks(self.row, self.chunk)):
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
