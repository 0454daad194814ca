"""Inner products of two sets of embeddings, a tile at a time, in which equal rows tie exactly."""

from collections.abc import Iterator
from hashlib import blake2b

import numpy as np
import torch
from torch import Tensor


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
