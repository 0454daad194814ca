"""Which TIFF and JPEG 2000 files are rasters, by their first bytes and their tags."""

import os
from typing import Any

from PIL.TiffImagePlugin import ImageFileDirectory_v2

TIFF, JPEG2000 = 'GTiff', 'JP2OpenJPEG'
_TIFF_MARKS = (b'II*\0', b'MM\0*', b'II+\0', b'MM\0+')
_JPEG2000_MARKS = (b'\0\0\0\x0cjP  ', b'\xff\x4f\xff\x51')
WIDTH, HEIGHT = 256, 257
BITS, PHOTOMETRIC, ORIENTATION, BANDS, FORMAT = 258, 262, 274, 277, 339
PLACE = (33550, 33922, 34264, 50844)
"""Tags of a place on Earth: size of a pixel, points, affine map, rational polynomials."""


def raster_driver(path: str | os.PathLike) -> str | None:
    """GDAL's driver of a file that only GDAL reads rightly, or ``None``.

    These are JPEG 2000 files, and TIFF files with samples that are not whole numbers of 8 bits, or
    whose bands are not grey, coloured, or looked up in a palette, with or without transparency.
    Nothing but the header is read.
    """
    driver = marked_driver(path)
    return None if driver == TIFF and _is_plain(tiff_tags(path)) else driver


def marked_driver(path: str | os.PathLike) -> str | None:
    """GDAL's driver of a file by its first bytes; ``None`` for other than TIFF and JPEG 2000."""
    with open(path, 'rb') as file:
        head = file.read(16)
    if head.startswith(_TIFF_MARKS):
        return TIFF
    return JPEG2000 if head.startswith(_JPEG2000_MARKS) else None


def window_driver(path: str | os.PathLike, whole_side: int) -> str | None:
    """GDAL's driver of a file that is read by windows, or ``None`` for a picture.

    These are those of :func:`raster_driver`, and TIFF files that have a place on Earth, or more
    than ``whole_side`` pixels in width or height and no mark of orientation.
    """
    driver = raster_driver(path)
    if driver is None and marked_driver(path) == TIFF:
        tags = tiff_tags(path)
        large = max(tags.get(WIDTH, 0), tags.get(HEIGHT, 0)) > whole_side
        large &= tags.get(ORIENTATION, 1) == 1
        if large or not tags.keys().isdisjoint(PLACE):
            return TIFF
    return driver


def begins_as_raster(head: bytes) -> bool:
    """Whether a file that begins with these bytes is a TIFF or JPEG 2000 file."""
    return head.startswith((*_TIFF_MARKS, *_JPEG2000_MARKS))


def tiff_tags(path: str | os.PathLike) -> dict[int, Any]:
    """The tags of the first page of a TIFF file; empty if they cannot be read."""
    with open(path, 'rb') as file:
        head = file.read(8)
        if head[2:4] in (b'+\0', b'\0+'):
            head += file.read(8)
        try:
            tags = ImageFileDirectory_v2(head)
            file.seek(tags.next)
            tags.load(file)
            return dict(tags)
        except Exception:  # Pillow raises errors of all kinds on bad bytes
            return {}


def _is_plain(tags: dict[int, Any]) -> bool:
    bits = _all_of(tags.get(BITS, 1))
    bands = tags.get(BANDS, 1)
    allowed = {0: (1, 2), 1: (1, 2), 2: (3, 4), 3: (1, 2), 5: (4, 5), 6: (3,)}
    return (
        all(1 <= b <= 8 for b in bits)
        and all(kind == 1 for kind in _all_of(tags.get(FORMAT, 1)))
        and bands in allowed.get(tags.get(PHOTOMETRIC), ())
    )


def _all_of(value: Any) -> tuple:
    return value if isinstance(value, tuple) else (value,)
