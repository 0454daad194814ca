"""Indexing a folder of pictures and a large raster, against plain loops."""

import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image
from rasterio.windows import Window
from torch import Tensor, nn

from pir_mm.apis.benchmarking.contest import Contest
from pir_mm.apis.benchmarking.query_cases import make_model
from pir_mm.apis.search import index_pictures, open_index
from pir_mm.apis.search.embedding import encode_pixels
from pir_mm.apis.search.picture_reading import PictureReader
from pir_mm.search import Tiling

BATCH = 32
TILE = 256
ALIKE = 0.9
"""Cosine of what tells the tiles apart in bfloat16 to that in float32; of other tiles about 0."""
TOLERANCE = f'what tells the tiles apart agrees to a cosine of {ALIKE}'


def embed_folder(pictures: int = 256, side: int = 512) -> Contest:
    """An index of a folder of JPEG files, against reading and embedding them in turn.

    Args:
        pictures: files in the folder.
        side: their width and height.
    """
    place, model = _place()
    files = [place / 'pictures' / f'{number:05}.jpg' for number in range(pictures)]
    files[0].parent.mkdir()
    random = np.random.default_rng(0)
    for file in files:
        coarse = random.integers(0, 256, (side // 16, side // 16, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC).save(file)
    reader = PictureReader(model)

    return Contest(
        _indexing(files[0].parent, model, place),
        lambda: _in_turn(model, (reader(file)[0] for file in files)),
        _same_tiles,
        f'reading and embedding in turn, float32, {pictures} JPEG files of {side} pixels',
        TOLERANCE,
    )


def embed_raster(side: int = 16_384) -> Contest:
    """An index of the tiles of a GeoTIFF, against reading it whole and embedding its parts.

    Args:
        side: its width and height.
    """
    place, model = _place()
    path = place / 'pictures' / 'scene.tif'
    path.parent.mkdir()
    _write_raster(path, side)
    reader = PictureReader(model)

    def parts() -> Iterator[Tensor]:
        with rasterio.open(path) as file:
            pixels = np.moveaxis(file.read(), 0, -1)
        for row in range(0, side, TILE):
            for column in range(0, side, TILE):
                yield reader(pixels[row : row + TILE, column : column + TILE])[0]

    return Contest(
        _indexing(path.parent, model, place, Tiling(TILE)),
        lambda: _in_turn(model, parts()),
        _same_tiles,
        f'reading it whole, float32, {(side // TILE) ** 2} tiles of {TILE} pixels',
        TOLERANCE,
    )


def _place() -> tuple[Path, nn.Module]:
    """A folder that goes with a small model, and the model."""
    folder = tempfile.TemporaryDirectory(prefix='pir_mm_')
    # a hard belief may choose other tokens in bfloat16
    model = make_model(Path(folder.name), ['model.selector.strategy=soft'])
    weakref.finalize(model, folder.cleanup)
    return Path(folder.name), model


def _write_raster(path: Path, side: int) -> None:
    """A raster with a place, of coarse noise, in compressed blocks and without overviews."""
    random = np.random.default_rng(0)
    profile = dict(
        driver='GTiff', width=side, height=side, count=3, dtype='uint8', photometric='rgb',
        tiled=True, blockxsize=TILE, blockysize=TILE, compress='deflate', crs='EPSG:32633',
        transform=rasterio.Affine(1, 0, 4e5, 0, -1, 5e6),
    )  # fmt: skip
    with rasterio.open(path, 'w', **profile) as file:
        for row in range(0, side, TILE):
            coarse = random.integers(1, 256, (3, TILE // 16, side // 16), dtype=np.uint8)
            pixels = coarse.repeat(16, axis=1).repeat(16, axis=2)
            file.write(pixels, window=Window(0, row, side, TILE))


def _indexing(
    pictures: Path, model: nn.Module, place: Path, tiling: Tiling | None = None
) -> Callable[[], NDArray[np.float32]]:
    """Makes an index anew and gives its vectors, in the order of files and tiles."""

    def index() -> NDArray[np.float32]:
        with tempfile.TemporaryDirectory(dir=place) as out:
            index_pictures(pictures, model, Path(out, 'index'), tiling=tiling)
            made = open_index(Path(out, 'index'))
            return made.exact.vectors(made.ids)

    return index


def _in_turn(model: nn.Module, pixels: Iterable[Tensor]) -> NDArray[np.float32]:
    """Embeds what is read, batch by batch, and reads nothing meanwhile."""
    pixels, vectors = iter(pixels), []
    while batch := list(islice(pixels, BATCH)):
        vectors.append(encode_pixels(model, batch))
    return np.concatenate(vectors)


def _same_tiles(ours: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    if ours.shape != other.shape:
        return False
    own, other = (vectors - vectors.mean(axis=0) for vectors in (ours, other))
    return bool((own * other).sum() >= ALIKE * np.linalg.norm(own) * np.linalg.norm(other))
