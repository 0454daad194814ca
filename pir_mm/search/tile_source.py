"""Tiles of pictures, of rasters and of archives that hold both, and their pixels."""

import os
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from pir_mm.files.pictures import (
    MAX_PIXELS,
    picture_metadata,
    picture_size,
    read_picture,
    require_file,
)
from pir_mm.files.raster_kinds import marked_driver, window_driver
from pir_mm.files.rasters import PROFILES, Look, Raster, shrunk_size
from pir_mm.files.taken_dates import TakenDate, taken_date
from pir_mm.search.georeference import Georeference
from pir_mm.search.tiles import Tile
from pir_mm.search.tiling import WHOLE_SIDE, Grid, Tiling, Window

Content = TypeVar('Content')

OPEN_RASTERS = 8
DECODED_PICTURES = 2
"""Pictures that are cut and stay decoded for the next of their tiles."""
MAX_EXPANSION = 100_000
"""Decoded bytes of a raster for each of its file: packing gains a thousandfold at most."""
MAX_BLOCK_BYTES = 2**29
"""Of a raster's blocks, which GDAL decodes as a whole."""


class SourceError(ValueError):
    """A file that cannot be used: a kind of reason, a colon and details, without its name."""


@dataclass(frozen=True)
class Source:
    """What the header of a picture or raster tells, and how it is cut.

    Args:
        path: of the file.
        size: width and height in pixels.
        grid: its windows.
        georeference: where its pixels lie, or ``None``.
        look: how a raster's samples become colours; ``None`` for a picture.
        gsd: metres on the ground of a pixel in the middle, the mean of its width and height;
            ``None`` without a place.
        taken: on which day, see :func:`pir_mm.files.taken_dates.taken_date`; ``None`` if unknown.
    """

    path: str
    size: tuple[int, int]
    grid: Grid
    georeference: Georeference | None = None
    look: Look | None = None
    gsd: float | None = None
    taken: TakenDate | None = None

    def tile(self, window: Window) -> Tile:
        """The tile of one of its windows."""
        place, is_whole = self.georeference, len(self.grid) == 1
        day = None if self.taken is None else self.taken.day
        if place is None:
            return Tile(self.path, window, look=self.look, is_whole=is_whole, date=day)
        transform, footprint = place.tile_transform(window), place.footprint(window)
        return Tile(self.path, window, place.crs, transform, footprint, self.look, is_whole, day)


class TileSource:
    """Cuts files into tiles and reads the pixels of tiles. Threads can share it.

    A TIFF or JPEG 2000 file that is cut or has a place on Earth is read by windows and is never
    whole in memory. Other pictures are decoded whole. A few of what was read last stay open, so
    reading is fastest one source after the other.

    Args:
        tiling: size and overlap of tiles.
        profile: how rasters become colours, see :meth:`pir_mm.files.rasters.Raster.look`.
        max_pixels: width times height above which a picture, not a raster, is refused.

    Raises:
        ValueError: for an unknown profile.
    """

    def __init__(
        self, tiling: Tiling | None = None, profile: str = 'auto', max_pixels: int = MAX_PIXELS
    ) -> None:
        if profile not in PROFILES:
            raise ValueError(f'profile must be one of {", ".join(PROFILES)}, got {profile!r}')
        self.tiling = tiling or Tiling()
        self.profile = profile
        self.max_pixels = max_pixels
        self._rasters = _Shelf(OPEN_RASTERS)
        self._pictures = _Shelf(DECODED_PICTURES)
        self._decoding = Lock()

    def source(self, path: str | os.PathLike) -> Source:
        """Read the header of a file, and of a raster that needs a stretch a small version.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if it cannot be used. The message is a kind of reason, a colon and details;
                it does not name the file.
        """
        path = os.fspath(path)
        require_file(path)
        with _reason('cannot be read'):
            is_raster = window_driver(path, WHOLE_SIDE) is not None
        source = self._raster_source(path) if is_raster else None
        if source is None:
            size = picture_size(path, self.max_pixels)
            grid = self.tiling.grid(*size, ground=None)
            source = Source(path, size, grid, taken=taken_date(path, picture_metadata(path)))
        return source

    def _raster_source(self, path: str) -> Source | None:
        """``None`` if the file is one tile and has no place: then it is a picture."""
        with self._raster(path) as raster:
            place, size = _georeference(raster), raster.size
            ground = None if place is None else place.ground_size(*size)
            grid = self.tiling.grid(*size, ground)
            if place is None and len(grid) == 1:
                return None
            stored = os.path.getsize(path)
            if raster.decoded_bytes > MAX_EXPANSION * stored:
                raise SourceError(
                    f'too many pixels: its header speaks of {size[0]} x {size[1]}, which '
                    f'{stored} bytes cannot hold'
                )
            if raster.block_bytes > MAX_BLOCK_BYTES:
                raise SourceError(
                    f'blocks too large: {raster.block_bytes} bytes must be decoded at once to read '
                    'a pixel: write it anew in tiles (gdal_translate -co TILED=YES)'
                )
            with _reason('cannot be decoded'):
                look = raster.look(self.profile)
            taken = taken_date(path, raster.metadata)
        gsd = None if ground is None else sum(ground) / 2
        return Source(path, size, grid, place, look, gsd, taken)

    def tiles(self, path: str | os.PathLike) -> Iterator[Tile]:
        """All tiles of a file, row by row. Raises as :meth:`source`."""
        source = self.source(path)
        return map(source.tile, source.grid)

    def read(self, tile: Tile, side: int | None = None) -> NDArray[np.uint8] | None:
        """The pixels of a tile.

        Args:
            tile: of any file, also of one that was cut in another way.
            side: read a larger tile at about this width or height, whichever is longer, from an
                overview where there is one.

        Returns:
            ``(h, w, 3)`` uint8, red first; ``None`` for a raster's tile without data: all of it is
            masked, or all samples are 0.

        Raises:
            FileNotFoundError: if the file is gone.
            ValueError: if it cannot be decoded; the message is as in :meth:`source`.
        """
        require_file(tile.source)
        with _reason('cannot be decoded'):
            if tile.look is not None or window_driver(tile.source, WHOLE_SIDE) is not None:
                with self._raster(tile.source) as raster:
                    if tile.look is not None or tile.window != (0, 0, *raster.size):
                        look = tile.look or raster.look(self.profile)
                        return _with_data(*raster.read(tile.window, _shrunk(tile, side), look))
            return self._read_picture(tile, side)

    def data_mask(self, tile: Tile, size: tuple[int, int]) -> NDArray[np.bool_]:
        """Where a tile has data, ``(h, w)`` for ``size`` ``(w, h)``: all of a picture.

        Raises:
            FileNotFoundError, ValueError: as :meth:`read`.
        """
        if tile.look is None:
            return np.ones(size[::-1], dtype=bool)
        require_file(tile.source)
        with _reason('cannot be decoded'), self._raster(tile.source) as raster:
            return raster.read(tile.window, size, tile.look)[1]

    def _raster(self, path: str) -> AbstractContextManager[Raster]:
        def open_file() -> Raster:
            with _reason('cannot be read'):
                driver = marked_driver(path)
                if driver is None:
                    raise ValueError('it is no longer a raster')
                return Raster(path, driver)

        return self._rasters.borrowed(path, open_file)

    def _read_picture(self, tile: Tile, side: int | None) -> NDArray[np.uint8]:
        column, row, width, height = tile.window
        if (column, row) == (0, 0) and picture_size(tile.source) == (width, height):
            picture = read_picture(tile.source, self.max_pixels, side)
            return np.ascontiguousarray(picture[..., ::-1])

        def decode() -> NDArray[np.uint8]:
            with self._decoding:  # one after the other, for each may take a gigabyte
                return read_picture(tile.source, self.max_pixels)

        with self._pictures.borrowed(tile.source, decode) as whole:
            pixels = whole[row : row + height, column : column + width, ::-1]
        if pixels.shape[:2] != (height, width):
            raise ValueError(f'it has no window {tile.window}: index it anew')
        return np.ascontiguousarray(pixels)


@dataclass(eq=False)
class _Place:
    """On a shelf: what one file became, once it is opened."""

    lock: Lock = field(default_factory=Lock)
    content: Any = None


class _Shelf:
    """Keeps the last few opened files; each is used by one thread at a time.

    What is pushed off is closed by the end of its last use.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._places: OrderedDict[Any, _Place] = OrderedDict()
        self._lock = Lock()

    @contextmanager
    def borrowed(self, path: str, open_file: Callable[[], Content]) -> Iterator[Content]:
        now = os.stat(path)
        key = (path, now.st_mtime_ns, now.st_size)
        with self._lock:
            place = self._places.setdefault(key, _Place())
            self._places.move_to_end(key)
            if len(self._places) > self._capacity:
                self._places.popitem(last=False)
        with place.lock:
            if place.content is None:
                place.content = open_file()
            yield place.content


def _georeference(raster: Raster) -> Georeference | None:
    crs, transform, points = raster.crs, raster.transform, raster.control_points
    if crs is not None and (transform is not None or len(points) >= 3):
        try:
            return Georeference(crs, transform, () if transform else points)
        except ValueError as error:
            raise SourceError(f'place cannot be read: {error}') from None
    if transform is None and raster.has_rpcs:
        raise SourceError(
            'placed by RPCs: its place depends on the terrain: orthorectify it first '
            '(gdalwarp -rpc -to RPC_DEM=...)'
        )
    return None


def _shrunk(tile: Tile, side: int | None) -> tuple[int, int] | None:
    """Width and height at which a tile is read; ``None`` as it is."""
    size = tile.window[2:]
    return None if side is None or max(size) <= side else shrunk_size(size, side)


def _with_data(pixels: NDArray[np.uint8], valid: NDArray[np.bool_]) -> NDArray[np.uint8] | None:
    if not (valid.any() and pixels.any()):
        return None
    return np.repeat(pixels[..., None], 3, axis=-1) if pixels.ndim == 2 else pixels


@contextmanager
def _reason(kind: str) -> Iterator[None]:
    """Turn errors of the body into a :class:`SourceError` of a kind of reason."""
    try:
        yield
    except (SourceError, FileNotFoundError):
        raise
    except Exception as error:  # GDAL and Pillow raise errors of all kinds on bad bytes
        text = getattr(error, 'reason', '') or error.__cause__ or error
        raise SourceError(f'{kind}: {text}') from error
