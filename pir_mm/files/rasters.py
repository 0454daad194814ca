"""Rasters of scientific instruments, TIFF and JPEG 2000 of any depth, read by GDAL."""

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

# A picture needs no place on Earth. Set once, because threads share the filters.
warnings.filterwarnings('ignore', message='Dataset has no geotransform')

PROFILES = ('auto', 'as-is', 'percentile', 'sentinel2-l2a')
SAMPLE_SIDE = 1024
CACHE_BYTES = 2**28
"""Decoded blocks that GDAL keeps, of all rasters together."""


@contextmanager
def _gdal() -> Iterator[Any]:
    """GDAL as it may be used: it looks for no other file, no neighbour and none of the network."""
    import rasterio  # a third of a second, which ordinary pictures do not need

    with rasterio.Env(
        GDAL_DISABLE_READDIR_ON_OPEN='EMPTY_DIR',
        GDAL_PAM_ENABLED='NO',
        GDAL_CACHEMAX=CACHE_BYTES,
    ):
        yield rasterio


@dataclass(frozen=True)
class Look:
    """How samples of a raster become 8-bit colours: one rule for all that is read of it.

    Args:
        bands: one (grey) or three (red, green, blue), counted from 1.
        low: the sample that becomes 0; ``None`` where samples are 8-bit colours already.
        high: the sample that becomes 255.
        palette: samples are numbers of colours in the file's palette.
        inverted: the file says that white is zero.
    """

    bands: tuple[int, ...]
    low: float | None = None
    high: float | None = None
    palette: bool = False
    inverted: bool = False


class Raster:
    """A raster opened for reading by windows, never whole. One thread at a time may use it.

    Args:
        path: of the file.
        driver: from :func:`raster_driver`, :func:`window_driver` or :func:`marked_driver`.

    Raises:
        OSError: if GDAL cannot open it.
    """

    def __init__(self, path: str | os.PathLike, driver: str) -> None:
        with _gdal() as rasterio:
            self._file = rasterio.open(os.path.abspath(path), driver=driver)
        self._looks: dict[str, Look] = {}

    def __enter__(self) -> 'Raster':
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._file.width, self._file.height

    @property
    def decoded_bytes(self) -> int:
        """What all of it would take in memory."""
        sample = np.dtype(self._file.dtypes[0]).itemsize
        return self._file.width * self._file.height * self._file.count * sample

    @property
    def block_bytes(self) -> int:
        """What GDAL must decode at once to read one pixel."""
        height, width = self._file.block_shapes[0]
        pixel_interleaved = self._file.profile.get('interleave') == 'pixel'
        bands = self._file.count if pixel_interleaved else 1
        return height * width * bands * np.dtype(self._file.dtypes[0]).itemsize

    @property
    def crs(self) -> str | None:
        """Its coordinate reference system as ``EPSG:`` and a number, or as WKT."""
        crs = self._file.crs or self._file.gcps[1]
        return crs.to_string() if crs else None

    @property
    def transform(self) -> tuple[float, float, float, float, float, float] | None:
        """The affine map from pixels (column, row) to ``crs``, by rows; ``None`` if there is none.

        The corner of a pixel has whole numbers, its centre those and a half.
        """
        found = self._file.transform
        return None if found.is_identity else tuple(found)[:6]

    @property
    def control_points(self) -> tuple[tuple[float, float, float, float], ...]:
        """Ground control points ``(column, row, x, y)``."""
        return tuple((p.col, p.row, p.x, p.y) for p in self._file.gcps[0])

    @property
    def metadata(self) -> dict[str, str]:
        """What its header says of it in words, by name."""
        with _gdal():
            return {**self._file.tags(), **self._file.tags(ns='IMAGERY')}

    @property
    def has_rpcs(self) -> bool:
        """Whether it is placed by rational polynomials, which need a model of the terrain."""
        return self._file.rpcs is not None

    def look(self, profile: str = 'auto') -> Look:
        """How its samples become colours; found once, from its header and a small version of it.

        The bands are those that the file names or marks red, green and blue, else the first three,
        else the first; never transparency.

        Args:
            profile: one of :data:`PROFILES`.

                - ``'as-is'``: 8-bit samples stay as they are, others as by ``'percentile'``.
                - ``'percentile'``: the 2nd to 98th percentile of all shown bands together, from a
                  read of at most :data:`SAMPLE_SIDE` samples a side, becomes 0 to 255.
                - ``'sentinel2-l2a'``: bands B4, B3 and B2, found by their names, or by their place
                  among 12 or 13 bands without names; reflectance 0 to 0.3 becomes 0 to 255.
                - ``'auto'``: Sentinel-2 where 16-bit bands have its names, else as is.

        Raises:
            OSError: if that part of the file is broken.
            ValueError: for an unknown profile, one that does not fit, or complex samples.
        """
        if profile not in PROFILES:
            raise ValueError(f'profile must be one of {", ".join(PROFILES)}, got {profile!r}')
        if profile not in self._looks:
            with _gdal():
                self._looks[profile] = self._find_look(profile)
        return self._looks[profile]

    def read(
        self,
        window: tuple[int, int, int, int] | None = None,
        size: tuple[int, int] | None = None,
        look: Look | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Red, green and blue of a window, or its grey, as 8 bits.

        What is no data, masked or no number is black, unless samples are 8-bit colours already.

        Args:
            window: ``(column, row, width, height)``; the whole by default.
            size: width and height to read it at, from an overview where there is one; not larger
                than the window.
            look: from :meth:`look`, by default of the profile ``'auto'``.

        Returns:
            ``(h, w, 3)`` or ``(h, w)`` uint8, red first, and ``(h, w)`` bool, where there are data.

        Raises:
            OSError: if that part of the file is broken.
        """
        look = look or self.look()
        with _gdal():
            if look.palette:
                pixels, valid = self._samples(look.bands, window, size, 'nearest')
                palette = np.zeros((65536, 3), np.uint8)
                for value, colour in self._file.colormap(1).items():
                    palette[value] = colour[:3]
                return palette[pixels[0]], valid[0]
            pixels, valid = self._samples(look.bands, window, size, 'average')
        eight = pixels if look.low is None else to_eight_bits(pixels, valid, look.low, look.high)
        if look.inverted:
            eight = np.where(valid, 255 - eight, 0).astype(np.uint8)
        there = valid.any(axis=0)
        return (eight[0] if len(eight) == 1 else np.moveaxis(eight, 0, -1)), there

    def _samples(
        self,
        bands: tuple[int, ...],
        window: tuple[int, int, int, int] | None,
        size: tuple[int, int] | None,
        resampling: str,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Samples ``(bands, h, w)`` and where they are valid, of the same shape."""
        from rasterio.enums import Resampling
        from rasterio.windows import Window

        where: dict[str, Any] = {'window': None if window is None else Window(*window)}
        if size is not None:
            where['out_shape'] = (len(bands), size[1], size[0])
        pixels = self._file.read(list(bands), resampling=Resampling[resampling], **where)
        valid = self._file.read_masks(list(bands), **where) > 0
        return pixels, valid & np.isfinite(pixels)

    def _find_look(self, profile: str) -> Look:
        from rasterio.enums import ColorInterp

        raster = self._file
        if any(np.dtype(kind).kind == 'c' for kind in raster.dtypes):
            raise ValueError('its samples are complex numbers: give their amplitude')
        meaning = list(raster.colorinterp)
        sentinel = self._sentinel2_look(profile)
        if sentinel is not None:
            return sentinel
        named = self._bands_called('RED', 'GREEN', 'BLUE')
        colours = [ColorInterp.red, ColorInterp.green, ColorInterp.blue]
        shown = [n for n, role in enumerate(meaning, 1) if role != ColorInterp.alpha] or [1]
        if named is not None:
            bands = named
        elif all(colour in meaning for colour in colours):
            bands = tuple(meaning.index(colour) + 1 for colour in colours)
        else:
            bands = tuple(shown[:3] if len(shown) >= 3 else shown[:1])
        if meaning[0] == ColorInterp.palette and bands == (1,):
            return Look(bands, palette=True)
        inverted = raster.tags(ns='IMAGE_STRUCTURE').get('MINISWHITE') == 'YES'
        whole = raster.tags(bands[0], ns='IMAGE_STRUCTURE').get('NBITS') is None
        if raster.dtypes[0] == 'uint8' and whole and profile != 'percentile':
            return Look(bands, inverted=inverted)
        low, high = percentiles(self._spread_samples(bands))
        return Look(bands, low, high, inverted=inverted)

    def _bands_called(self, *names: str) -> tuple[int, ...] | None:
        """Numbers of bands by their descriptions: ``RED``, or ``B4`` for ``B04 (red, 10 m)``."""
        called: dict[str, int] = {}
        for number, text in enumerate(self._file.descriptions, 1):
            text = (text or '').strip().upper()
            match = re.match(r'B(?:AND)?[ _]?0?(\d+A?)\b', text)
            called.setdefault(f'B{match[1]}' if match else text, number)
        found = tuple(called[name] for name in names if name in called)
        return found if len(found) == len(names) else None

    def _sentinel2_look(self, profile: str) -> Look | None:
        """The look of Sentinel-2's surface reflectance, if the raster is that or is said to be."""
        raster = self._file
        bands = self._bands_called('B4', 'B3', 'B2')
        if profile == 'auto':
            if bands is None or raster.dtypes[0] not in ('int16', 'uint16'):
                return None
        elif profile != 'sentinel2-l2a':
            return None
        if bands is None:
            if raster.count not in (12, 13) or any(raster.descriptions):
                raise ValueError(
                    'not Sentinel-2: profile sentinel2-l2a wants bands named B02, B03 and B04, or '
                    f'12 or 13 bands without names, it has {raster.count}: give --profile auto'
                )
            bands = (4, 3, 2)
        scale, offset = raster.scales[bands[0] - 1], raster.offsets[bands[0] - 1]
        if (scale, offset) == (1.0, 0.0):
            # Since January 2022 ESA adds 1000, and some archives take it off again.
            samples = self._spread_samples(bands)
            added = samples.size > 0 and np.percentile(samples, 1) >= 1000
            scale, offset = 1e-4, -0.1 if added else 0.0
        return Look(bands, -offset / scale, (0.3 - offset) / scale)

    def _spread_samples(self, bands: tuple[int, ...]) -> np.ndarray:
        """Valid samples ``(n,)`` from all over the raster; empty if there are none."""
        width, height = self.size
        size = shrunk_size(self.size, SAMPLE_SIDE)
        pixels, valid = self._samples(bands, None, size, 'nearest')
        if valid.any() or size == self.size:
            return pixels[valid]
        rows = max(1, SAMPLE_SIDE**2 // width)
        found = [pixels[valid]]
        for top in range(0, height, rows):  # the data lie between the samples
            window = (0, top, width, min(rows, height - top))
            pixels, valid = self._samples(bands, window, None, 'nearest')
            found.append(pixels[valid])
            if sum(map(len, found)) >= SAMPLE_SIDE**2:
                break
        return np.concatenate(found)


def shrunk_size(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Width and height of the same shape, the longer one at most ``side``, neither below 1."""
    share = min(1.0, side / max(size))
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def raster_size(path: str | os.PathLike, driver: str) -> tuple[int, int]:
    """Width and height, from the header alone."""
    with Raster(path, driver) as raster:
        return raster.size


def read_raster(path: str | os.PathLike, driver: str) -> np.ndarray:
    """The whole of a raster by :meth:`Raster.read`: ``(H, W, 3)`` or ``(H, W)`` uint8, red first.

    Raises:
        OSError: if it is broken.
        ValueError: for complex samples.
    """
    with Raster(path, driver) as raster:
        pixels, _ = raster.read()
    return np.ascontiguousarray(pixels)


def percentiles(samples: np.ndarray) -> tuple[float, float]:
    """The 2nd and the 98th percentile of samples ``(n,)``; zeros if there are none."""
    if samples.size == 0:
        return 0.0, 0.0
    low, high = map(float, np.percentile(samples, (2, 98)))
    return low, high


def to_eight_bits(pixels: np.ndarray, valid: np.ndarray, low: float, high: float) -> np.ndarray:
    """Pixels as uint8 of the same shape: ``low`` becomes 0, ``high`` 255, what is invalid 0."""
    scaled = (pixels.astype(np.float32) - low) * (255 / max(high - low, 1e-12))
    return np.where(valid, np.nan_to_num(scaled), 0).clip(0, 255).astype(np.uint8)


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
    return to_eight_bits(pixels, valid, *percentiles(pixels[valid]))
