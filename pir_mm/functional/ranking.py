"""Standing of images among texts and of texts among images, by counting instead of sorting.

Both functions return ``(to_text, to_image)``: the :class:`Standing` of the ``N`` images, whose
gallery is the texts, and of the ``M`` texts, whose gallery is the images. ``owner`` (M,) long, on
the CPU, is the image of each text; every image owns one.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch import Tensor

from pir_mm.functional.product_tiles import ProductTiles
from pir_mm.functional.standing import Standing
from pir_mm.functional.tally import Tally

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
