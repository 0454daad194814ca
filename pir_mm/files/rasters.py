"""Rasters of scientific instruments, TIFF and JPEG 2000 of any depth, read by GDAL."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from PIL.TiffImagePlugin import ImageFileDirectory_v2

# A picture needs no place on Earth. Set once, because threads share the filters.
warnings.filterwarnings('ignore', message='Dataset has no geotransform')

TIFF, JPEG2000 = 'GTiff', 'JP2OpenJPEG'
_TIFF_MARKS = (b'II*\0', b'MM\0*', b'II+\0', b'MM\0+')
_JPEG2000_MARKS = (b'\0\0\0\x0cjP  ', b'\xff\x4f\xff\x51')
BITS, PHOTOMETRIC, ORIENTATION, BANDS, FORMAT = 258, 262, 274, 277, 339


def raster_driver(path: str | os.PathLike) -> str | None:
    """GDAL's driver of a file that only GDAL reads rightly, or ``None``.

    These are JPEG 2000 files, and TIFF files with samples that are not whole numbers of 8 bits, or
    whose bands are not grey, coloured, or looked up in a palette, with or without transparency.
    Nothing but the header is read.
    """
    with open(path, 'rb') as file:
        head = file.read(16)
    if head.startswith(_TIFF_MARKS):
        return None if _is_plain(tiff_tags(path)) else TIFF
    return JPEG2000 if head.startswith(_JPEG2000_MARKS) else None


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


@contextmanager
def _opened(path: str | os.PathLike, driver: str) -> Iterator[Any]:
    import rasterio  # a third of a second, which ordinary pictures do not need

    # No other file may be looked for or opened: not a neighbour, not one of the network.
    with (
        rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN='EMPTY_DIR', GDAL_PAM_ENABLED='NO'),
        rasterio.open(os.path.abspath(path), driver=driver) as raster,
    ):
        yield raster


def raster_size(path: str | os.PathLike, driver: str) -> tuple[int, int]:
    """Width and height, from the header alone."""
    with _opened(path, driver) as raster:
        return raster.width, raster.height


def read_raster(path: str | os.PathLike, driver: str) -> np.ndarray:
    """Red, green and blue of a raster, or its grey, as 8 bits.

    The bands are those that the file calls red, green and blue, else the first three, else the
    first; never transparency. Samples of 8 bits stay as they are. Others are stretched, see
    :func:`stretched`; what the file marks as no data or masks, and what is no number, takes no part
    and becomes black.

    Returns:
        ``(H, W, 3)`` or ``(H, W)`` uint8, red first.

    Raises:
        ValueError: for complex samples.
    """
    from rasterio.enums import ColorInterp

    with _opened(path, driver) as raster:
        meaning = list(raster.colorinterp)
        colours = [ColorInterp.red, ColorInterp.green, ColorInterp.blue]
        shown = [n for n, role in enumerate(meaning, 1) if role != ColorInterp.alpha] or [1]
        if all(colour in meaning for colour in colours):
            bands = [meaning.index(colour) + 1 for colour in colours]
        else:
            bands = shown[:3] if len(shown) >= 3 else shown[:1]
        if meaning[0] == ColorInterp.palette and bands == [1]:
            palette = np.zeros((65536, 3), np.uint8)
            for value, colour in raster.colormap(1).items():
                palette[value] = colour[:3]
            return palette[raster.read(1)]
        pixels = raster.read(bands)
        missing = [raster.nodatavals[band - 1] for band in bands]
        whole = raster.tags(bands[0], ns='IMAGE_STRUCTURE').get('NBITS') is None
        eight_bits = pixels.dtype == np.uint8 and whole
        there = True if eight_bits else raster.dataset_mask() > 0
        inverted = raster.tags(ns='IMAGE_STRUCTURE').get('MINISWHITE') == 'YES'
    if np.iscomplexobj(pixels):
        raise ValueError('its samples are complex numbers: give their amplitude')
    valid = np.isfinite(pixels) & there
    if eight_bits:
        eight = pixels
    else:
        for band, value in enumerate(missing):
            if value is not None:
                valid[band] &= pixels[band] != value
        eight = stretched(pixels, valid)
    if inverted:
        eight = np.where(valid, 255 - eight, 0).astype(np.uint8)
    return eight[0] if len(eight) == 1 else np.ascontiguousarray(np.moveaxis(eight, 0, -1))


def stretched(pixels: np.ndarray, valid: np.ndarray | None = None) -> np.ndarray:
    """Pixels of any real type as 8 bits: the 2nd to 98th percentile becomes 0 to 255.

    The percentiles are of all valid samples together, so that colours keep their balance. Sensors
    rarely use the whole range of their type.

    Args:
        pixels: of any shape.
        valid: bool of the same shape, by default what is finite; the rest becomes 0.

    Returns:
        uint8 of the same shape; all 0 if the valid samples are equal, or if there is none.
    """
    valid = np.isfinite(pixels) if valid is None else valid
    samples = pixels[valid]
    if samples.size == 0:
        return np.zeros(pixels.shape, np.uint8)
    low, high = map(float, np.percentile(samples, (2, 98)))
    scaled = (pixels.astype(np.float32) - low) * (255 / max(high - low, 1e-12))
    return np.where(valid, np.nan_to_num(scaled), 0).clip(0, 255).astype(np.uint8)
