"""Read the tiles of many files in the background, in order."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

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
    is_last: bool = False
    tile: Tile | None = None
    pixels: Tensor | None = None
    error: Exception | None = None


def read_tiles(
    paths: Iterable[str],
    tiles: TileSource,
    reader: PictureReader,
    ahead: int,
    leave_out: Mapping[str, set[Window]] | None = None,
) -> Iterator[TileRead]:
    """Open files, cut them into tiles and read these, in the order of the files.

    Args:
        paths: of pictures and rasters.
        tiles: how to cut and read them.
        reader: the model's test pipeline.
        ahead: how many tiles may be read before they are taken.
        leave_out: windows not to read, by path.
    """
    workers = min(8, os.cpu_count() or 1)

    def header(path: str) -> TileRead:
        try:
            return TileRead(path, tiles.source(path))
        except Exception as error:  # no bad file may stop a long run
            return TileRead(path, None, is_last=True, error=error)

    def windows() -> Iterator[tuple[TileRead, Window | None]]:
        for future in in_background(header, paths, workers, 2 * workers):
            opened = future.result()
            known = (leave_out or {}).get(opened.path, set())
            grid = (
                [] if opened.source is None else [w for w in opened.source.grid if w not in known]
            )
            for number, window in enumerate(grid, 1):
                yield replace(opened, is_last=number == len(grid)), window
            if not grid:
                yield replace(opened, is_last=True), None

    def read(begun: tuple[TileRead, Window | None]) -> TileRead:
        found, window = begun
        if found.source is None or window is None:
            return found
        tile = found.source.tile(window)
        try:
            if tile.is_whole and tile.look is None:  # the model's pipeline decodes by itself
                return replace(found, tile=tile, pixels=reader(found.path)[0])
            rgb = tiles.read(tile, READ_SIDE)
            pixels = None if rgb is None else reader(rgb)[0]
        except Exception as error:
            return replace(found, tile=tile, error=error)
        return replace(found, tile=tile, pixels=pixels)

    for future in in_background(read, windows(), workers, ahead):
        yield future.result()
