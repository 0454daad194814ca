"""How a picture or a raster is cut into windows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

Window = tuple[int, int, int, int]
"""Column, row, width and height in pixels."""

TILE_SIDE = 256
"""Pixels of a tile where no size is asked for: what the caption sets of the field show."""
WHOLE_SIDE = 1024
"""Width and height up to which a picture without a place stays whole where no size is asked for."""
MAX_TILES = 4_000_000
"""Of one source: more come from a header that lies, or from a size that is a mistake."""


@dataclass(frozen=True)
class Grid:
    """Windows of one size, row by row, that cover all pixels; the last ones may overlap more.

    Args:
        columns: left edges.
        rows: top edges.
        width: of each window.
        height: of each window.
    """

    columns: tuple[int, ...]
    rows: tuple[int, ...]
    width: int
    height: int

    def __len__(self) -> int:
        return len(self.columns) * len(self.rows)

    def __iter__(self) -> Iterator[Window]:
        for row in self.rows:
            for column in self.columns:
                yield column, row, self.width, self.height


@dataclass(frozen=True)
class Tiling:
    """The size of tiles and how far neighbours overlap.

    Without a size, a picture without a place stays whole up to :data:`WHOLE_SIDE` pixels a side,
    and all else is cut into squares of :data:`TILE_SIDE` pixels. A source that is smaller than a
    tile is one tile.

    Args:
        size: side of a tile: pixels (``256``), or metres on the ground (``'640m'``), which count
            only where a source has a place.
        overlap: likewise.

    Raises:
        ValueError: if one cannot be read or the overlap is not below the size.
    """

    size: int | str | None = None
    overlap: int | str = 0

    def __post_init__(self) -> None:
        size = (TILE_SIDE, 'px') if self.size is None else length('tile size', self.size)
        overlap = length('overlap', self.overlap)
        if size[0] <= 0:
            raise ValueError(f'tile size must be above 0, got {self.size}')
        if size[1] == overlap[1] and overlap[0] >= size[0]:
            raise ValueError(f'overlap {self.overlap} must be below the tile size, {size[0]:g}')

    def grid(self, width: int, height: int, ground: tuple[float, float] | None) -> Grid:
        """The windows of a source.

        Args:
            width, height: of the source, in pixels.
            ground: metres on the ground of a pixel's width and height; ``None`` without a place.

        Raises:
            ValueError: with a kind of reason, a colon and details, if tiles come out smaller than
                two pixels, not above the overlap, or too many.
        """
        if self.size is None and ground is None and max(width, height) <= WHOLE_SIDE:
            return Grid((0,), (0,), width, height)
        sides, edges = [], []
        for axis, pixels in enumerate((width, height)):
            pixel = None if ground is None else ground[axis]
            side = in_pixels('tile size', self.size, pixel, TILE_SIDE)
            overlap = in_pixels('overlap', self.overlap, pixel, 0)
            if side < 2:
                raise ValueError(
                    f'tiles too small: a tile of {self.size} is not two pixels, each of which is '
                    f'{pixel:.3g} m: give a larger --tile-size'
                )
            if overlap >= side:
                raise ValueError(
                    f'tiles too small: an overlap of {self.overlap} is {overlap} pixels, a tile '
                    f'{side}: give a smaller --overlap'
                )
            sides.append(min(side, pixels))
            edges.append(starts(pixels, side, side - overlap))
        number = len(edges[0]) * len(edges[1])
        if number > MAX_TILES:
            raise ValueError(
                f'too many tiles: {width} x {height} pixels give {number}, above {MAX_TILES}: give '
                'a larger --tile-size'
            )
        return Grid(tuple(edges[0]), tuple(edges[1]), *sides)


def starts(length: int, side: int, step: int) -> range | list[int]:
    """Where windows of a ``side`` begin on a ``length``, the last one at its end."""
    regular = range(0, max(length - side, 0) + 1, step)
    last = length - side
    return [*regular, last] if last > regular[-1] else regular


def length(what: str, text: int | str) -> tuple[float, str]:
    """A number and its unit, ``px`` or ``m``."""
    match = re.fullmatch(r'(\d+(?:\.\d+)?) *(px|m)?', str(text).strip())
    if match is None:
        raise ValueError(
            f'{what} must be pixels, such as 256, or metres, such as 640m, got {text!r}'
        )
    return float(match[1]), match[2] or 'px'


def in_pixels(what: str, text: int | str | None, metres: float | None, default: int) -> int:
    if text is None:
        return default
    number, unit = length(what, text)
    if unit == 'm':
        return default if metres is None else round(number / metres)
    return round(number)
