"""Rank of the best positive of each query, counted without sorting the gallery."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
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


class ProductTiles:
    """Tiles of ``image @ text.T``, never the whole.

    Matrix multiplication does not round alike at every position and for every shape. So that this
    decides no tie, products are taken of distinct rows only and shared by their copies, and the
    score of a positive pair is read from the same tile as those of its rivals.

    Args:
        image: ``(N, D)``.
        text: ``(M, D)``, on the same device.
        owner: ``(M,)`` long, the image of each text.
        chunk: most rows and most columns of a tile.
    """

    def __init__(self, image: Tensor, text: Tensor, owner: Tensor, chunk: int) -> None:
        self.chunk = chunk
        self.image, self.row = _distinct(image, torch.arange(len(image)))
        # Texts in the order of their images: then few tiles hold all positive pairs.
        self.text, self.column = _distinct(text, owner.argsort(stable=True))
        pairs, self.pair_of_text = (self.row[owner] * len(self.text) + self.column).unique(
            return_inverse=True
        )
        self.pair_row, self.pair_column = pairs // len(self.text), pairs % len(self.text)
        self.pairs_of_tile = self._pairs_of_tile()
        self.pair_score = self._pair_score()

    def positive(self) -> Tensor:
        """Score ``(M,)`` of each text with its own image."""
        return self.pair_score[self.pair_of_text]

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """``tile (n, m)``, its images (n,) and its texts (m,); all tiles hold each pair once."""
        columns = _members(self.column, self.chunk)
        for i, images in enumerate(_members(self.row, self.chunk)):
            for j, texts in enumerate(columns):
                tile = self._product(i, j)
                pair = self.pairs_of_tile.get((i, j))
                if pair is not None:
                    tile[self._within(pair)] = self.pair_score[pair]
                if tile.shape == (len(images), len(texts)):
                    yield tile, images, texts
                    continue
                for some in images.split(self.chunk):
                    rows = tile[self.row[some] % self.chunk]
                    for others in texts.split(self.chunk):
                        yield rows[:, self.column[others] % self.chunk], some, others

    def _product(self, i: int, j: int) -> Tensor:
        rows = self.image[i * self.chunk : (i + 1) * self.chunk]
        return rows @ self.text[j * self.chunk : (j + 1) * self.chunk].T

    def _within(self, pair: Tensor) -> tuple[Tensor, Tensor]:
        return self.pair_row[pair] % self.chunk, self.pair_column[pair] % self.chunk

    def _pairs_of_tile(self) -> dict[tuple[int, int], Tensor]:
        place = torch.stack([self.pair_row, self.pair_column], dim=1) // self.chunk
        tiles, tile_of_pair, sizes = place.unique(dim=0, return_inverse=True, return_counts=True)
        pairs = tile_of_pair.argsort(stable=True).split(sizes.tolist())
        return {(i, j): pair for (i, j), pair in zip(tiles.tolist(), pairs, strict=True)}

    def _pair_score(self) -> Tensor:
        score = self.image.new_empty(len(self.pair_row))
        for (i, j), pair in self.pairs_of_tile.items():
            score[pair] = self._product(i, j)[self._within(pair)]
        return score


def _distinct(rows: Tensor, order: Tensor) -> tuple[Tensor, Tensor]:
    """Distinct rows by first appearance in ``order``, and which of them each row is."""
    values = rows.cpu().numpy() + 0  # there are two zeros, equal but of different bits
    order = order.cpu().numpy()
    seen: dict[bytes, int] = {}
    names = (blake2b(values[i], digest_size=16).digest() for i in order)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = [seen.setdefault(name, len(seen)) for name in names]
    first = order[np.unique(place[order], return_index=True)[1]]
    return rows[first], torch.from_numpy(place).to(rows.device)


def _members(group: Tensor, chunk: int) -> tuple[Tensor, ...]:
    """Members of each ``chunk`` of groups, in the order of their groups."""
    return group.argsort(stable=True).split((group // chunk).bincount().tolist())


Tile = tuple[Tensor, Tensor, Tensor]
TILE = 512


def rank_matrix(similarity: Tensor | np.ndarray, owner: Tensor) -> tuple[Standing, Standing]:
    """Rank by a matrix ``(N, M)``, which is only read, a tile at a time: a memory map will do.

    Raises:
        ValueError: if a score is not finite.
    """
    pair = owner, torch.arange(len(owner))
    if not isinstance(similarity, Tensor):
        pair = tuple(index.numpy() for index in pair)
    positive = _tensor(similarity[pair])
    return _rank(positive, owner, len(similarity), _matrix_tiles(similarity))


def rank_embeddings(
    image: Tensor, text: Tensor, owner: Tensor, chunk: int | None = None
) -> tuple[Standing, Standing]:
    """Rank by inner products of finite ``(N, D)`` and ``(M, D)``, ``chunk ** 2`` at a time.

    Equal embeddings tie exactly, see :class:`ProductTiles`. Without ``chunk`` a tile has the size
    that suits the device: the cache of a CPU, or enough work for an accelerator.
    """
    chunk = chunk or (TILE if image.device.type == 'cpu' else 16 * TILE)
    tiles = ProductTiles(image, text, owner.to(image.device), chunk)
    return _rank(tiles.positive(), owner, len(image), tiles)


def _rank(
    positive: Tensor, owner: Tensor, images: int, tiles: Iterable[Tile]
) -> tuple[Standing, Standing]:
    owner = owner.to(positive.device)
    every_text = torch.arange(len(owner), device=owner.device)
    to_text = Tally(positive, owner, every_text, images)
    to_image = Tally(positive, every_text, owner, len(owner))
    for tile, image, text in tiles:
        to_text.add(tile, image, text)
        to_image.add(tile.T, text, image)
    return to_text.standing(), to_image.standing()


def _matrix_tiles(similarity: Tensor | np.ndarray) -> Iterator[Tile]:
    images, texts = similarity.shape
    for top in range(0, images, TILE):
        for left in range(0, texts, TILE):
            tile = _tensor(similarity[top : top + TILE, left : left + TILE])
            if not torch.stack(tile.aminmax()).isfinite().all():  # a NaN makes both NaN
                raise ValueError('similarity holds a score that is not finite: mend the embeddings')
            row, column = (torch.arange(n, device=tile.device) for n in tile.shape)
            yield tile, row + top, column + left


def _tensor(values: Tensor | np.ndarray) -> Tensor:
    # The copy is writable, contiguous and in memory, whatever the array was.
    return values.detach() if isinstance(values, Tensor) else torch.from_numpy(np.array(values))
