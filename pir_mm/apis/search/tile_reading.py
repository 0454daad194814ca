"""Read the tiles of many files in the background, in order."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from torch import Tensor

from pir_mm.apis.search.archive import FoundFile
from pir_mm.apis.search.picture_reading import READERS, PictureReader, in_background
from pir_mm.search import Source, Tile, TileSource
from pir_mm.search.tiling import Window

LARGE_BYTES = 2**26
"""Of files whose tiles go to several processes."""
RUN = 64
"""Neighbouring tiles that go to one process, for they share blocks of the file."""
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


@dataclass(frozen=True)
class Share:
    """Which files and tiles one of several processes tries.

    Small files go round by their number. Of large ones each process takes every so many runs of
    neighbouring tiles.

    Args:
        rank: of this process, from 0.
        world: number of processes.
        large: paths of large files.
    """

    rank: int = 0
    world: int = 1
    large: frozenset[str] = frozenset()

    @classmethod
    def of(cls, files: Iterable[FoundFile], rank: int, world: int) -> 'Share':
        """The share of one process of these files."""
        large = {f.path for f in files if f.stamp.bytes >= LARGE_BYTES} if world > 1 else ()
        return cls(rank, world, frozenset(large))

    def is_shared(self, path: str) -> bool:
        """Whether other processes have tiles of this file."""
        return path in self.large

    def of_files(self, files: Iterable[FoundFile]) -> Iterator[FoundFile]:
        """The files of which this process has tiles."""
        for number, file in enumerate(files):
            if self.is_shared(file.path) or number % self.world == self.rank:
                yield file

    def of_windows(self, path: str, windows: Iterable[Window]) -> Iterator[Window]:
        """The windows of a file that this process tries."""
        for number, window in enumerate(windows):
            if not self.is_shared(path) or number // RUN % self.world == self.rank:
                yield window


def read_tiles(
    paths: Iterable[str],
    tiles: TileSource,
    reader: PictureReader,
    ahead: int,
    leave_out: Mapping[str, set[Window]] | None = None,
    share: Share | None = None,
) -> Iterator[TileRead]:
    """Open files, cut them into tiles and read these, in the order of the files.

    Args:
        paths: of pictures and rasters.
        tiles: how to cut and read them.
        reader: the model's test pipeline.
        ahead: how many tiles may be read before they are taken.
        leave_out: windows not to read, by path.
        share: of this process, if it is one of several.
    """
    share = share or Share()

    def header(path: str) -> TileRead:
        try:
            return TileRead(path, tiles.source(path))
        except Exception as error:  # no bad file may stop a long run
            return TileRead(path, None, is_last=True, error=error)

    def windows() -> Iterator[tuple[TileRead, Window | None]]:
        for future in in_background(header, paths, READERS, 2 * READERS):
            opened = future.result()
            known = (leave_out or {}).get(opened.path, set())
            last = None
            for window in share.of_windows(
                opened.path, opened.source.grid if opened.source else ()
            ):
                if window in known:
                    continue
                if last is not None:
                    yield opened, last
                last = window
            yield replace(opened, is_last=True), last

    def read(begun: tuple[TileRead, Window | None]) -> TileRead:
        found, window = begun
        if found.source is None or window is None:
            return found
        tile = found.source.tile(window)
        try:
            return replace(found, tile=tile, pixels=read_tile(tile, tiles, reader))
        except Exception as error:
            return replace(found, tile=tile, error=error)

    for future in in_background(read, windows(), READERS, ahead):
        yield future.result()


def read_tile(tile: Tile, tiles: TileSource, reader: PictureReader) -> Tensor | None:
    """Pixels ``(3, H, W)`` of a tile for the model's data preprocessor; ``None`` without data.

    Raises:
        FileNotFoundError, ValueError: if it cannot be read.
    """
    if tile.is_whole and tile.look is None:  # the model's pipeline decodes by itself
        return reader(tile.source)[0]
    rgb = tiles.read(tile, READ_SIDE)
    return None if rgb is None else reader(rgb)[0]
