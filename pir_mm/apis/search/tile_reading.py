"""Read the tiles of many files in the background, in order."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor

from pir_mm.apis.search.embedding import PictureReader, in_background
from pir_mm.search import Source, Tile, TileSource
from pir_mm.search.tiling import Window

READ_SIDE = 1024
"""Width or height at which larger tiles are read: twice the input of the largest models."""


@dataclass(frozen=True, eq=False)
class TileRead:
    """What became of one tile, or of a file that has none.

    Args:
        path: of the file.
        source: what its header tells; ``None`` if it cannot be used at all.
        is_last: whether no other tile of the file follows.
        tile: ``None`` if the file cannot be used.
        pixels: ``(3, H, W)`` for the model's data preprocessor; ``None`` if there are none.
        error: why there are no pixels; ``None`` for a tile without data.
    """

    path: str
    source: Source | None
    is_last: bool
    tile: Tile | None = None
    pixels: Tensor | None = None
    error: Exception | None = None


def read_tiles(
    paths: Iterable[Path], tiles: TileSource, reader: PictureReader, ahead: int
) -> Iterator[TileRead]:
    """Open files, cut them into tiles and read these, in the order of the files.

    Args:
        paths: of pictures and rasters.
        tiles: how to cut and read them.
        reader: the model's test pipeline.
        ahead: how many tiles may be read before they are taken.
    """
    workers = min(8, os.cpu_count() or 1)

    def opened() -> Iterator[tuple[TileRead, Window | None]]:
        headers = in_background(tiles.source, map(str, paths), workers, 2 * workers)
        for path, future in zip(paths, headers, strict=True):
            error = future.exception()
            if error is not None:
                yield TileRead(str(path), None, is_last=True, error=error), None
                continue
            source = future.result()
            for number, window in enumerate(source.grid, 1):
                is_last = number == len(source.grid)
                yield TileRead(str(path), source, is_last), window

    def read(opened: tuple[TileRead, Window | None]) -> TileRead:
        found, window = opened
        if found.source is None or window is None:
            return found
        tile = found.source.tile(window)
        try:
            if tile.is_whole and tile.look is None:  # the model's pipeline decodes by itself
                return replace(found, tile=tile, pixels=reader(found.path)[0])
            rgb = tiles.read(tile, READ_SIDE)
            pixels = None if rgb is None else reader(rgb)[0]
        except Exception as error:  # no bad file may stop a long run
            return replace(found, tile=tile, error=error)
        return replace(found, tile=tile, pixels=pixels)

    for future in in_background(read, opened(), workers, ahead):
        yield future.result()
