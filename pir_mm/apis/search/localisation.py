"""Where in a large raster is what a sentence says: a heat map, and how well it meets the truth."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn
from tqdm import tqdm

from pir_mm.apis.search.embedding import (
    check_batch_size,
    embed_texts,
    encode_pixels,
    require_ready,
)
from pir_mm.apis.search.picture_reading import PictureReader
from pir_mm.apis.search.tile_reading import TileRead, read_tiles
from pir_mm.files.rasters import shrunk_size
from pir_mm.functional.semantic_localisation import (
    LocalisationIndicators,
    localisation_indicators,
)
from pir_mm.functional.window_mean import window_mean
from pir_mm.search import Source, TileSource, Tiling
from pir_mm.search.regions import read_regions, region_corners, region_mask
from pir_mm.search.tiling import length
from pir_mm.structures.heat_map import HeatMap

SCALES = (256, 512, 768)
"""Sides of the windows: those with which Yuan et al. (TGRS 2022) trade time for quality."""
OVERLAP = 0.5
EVALUATED_SIDE = 4096
"""Width or height above which indicators are computed on a smaller map, which bounds the memory."""


@dataclass(frozen=True, eq=False)
class Localisation:
    """The heat map of a sentence over a picture or raster.

    Args:
        text: the sentence.
        source: the picture or raster.
        heat: mean similarity of the windows over each pixel.
        scales: sides of the windows, as they were asked for.
        windows: number of windows with data.
        empty: number of windows without.
        failed: why windows could not be read, one entry for each.
    """

    text: str
    source: Source
    heat: HeatMap
    scales: tuple[int | str, ...]
    windows: int
    empty: int
    failed: tuple[str, ...]

    @property
    def notes(self) -> list[str]:
        """A sentence on what the map does not show."""
        if not self.failed:
            return []
        return [
            f'{len(self.failed)} of {self.windows + self.empty + len(self.failed)} windows could '
            f'not be read: {self.failed[0]}'
        ]

    def summary(self) -> str:
        """The range of the map and its hottest place, in one line."""
        low, high = self.heat.range
        column, row = self.heat.hottest
        words = (
            f'{self.source.path}: {self.windows} windows, similarity {low:.4f} to {high:.4f}, '
            f'hottest at column {column:.0f}, row {row:.0f}'
        )
        place = self.source.georeference
        if place is not None:
            longitude, latitude = place.to_wgs84(place.to_crs(np.array([column, row])))
            words += f' (longitude {longitude:.6f}, latitude {latitude:.6f})'
        return words


def localise(
    raster: str | Path,
    text: str,
    model: nn.Module,
    scales: Sequence[int | str] = SCALES,
    overlap: float = OVERLAP,
    profile: str = 'auto',
    batch_size: int = 32,
    precision: str = 'fp32',
) -> Localisation:
    """Find where in a raster is what a sentence says.

    Square windows of several sizes slide over the raster; a pixel has the mean similarity of all
    windows that cover it (Yuan et al., *Exploring a Fine-Grained Multiscale Method for Cross-Modal
    Remote Sensing Image Retrieval*, TGRS 2021, who call it semantic localisation). Windows without
    data are left out. The raster is read by windows; memory holds a few batches and one number per
    window, whatever the size of the raster.

    Their program has two grids of each size, shifted by half a window along both axes; here all
    windows at half a side from each other are taken, so each pixel inside has four of each size.

    Args:
        raster: a raster or picture of any size.
        text: the sentence.
        model: from :func:`pir_mm.apis.load_retriever`.
        scales: sides of the windows, pixels (``256``) or metres on the ground (``'160m'``).
        overlap: of neighbouring windows, as a share of their side, from 0 to below 1.
        profile: how samples of a raster become colours.
        batch_size: windows per batch.
        precision: of the arithmetic, ``'fp32'`` or ``'bf16'``.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file cannot be used or has no data, the windows do not fit it, or one
            window is all of it.
    """
    check_batch_size(batch_size)
    require_ready(model)
    if not 0 <= overlap < 1:
        raise ValueError(f'overlap must be a share from 0 to below 1, got {overlap}')
    if not scales:
        raise ValueError('give the side of the windows, one scale at least')
    path, reader = os.fspath(raster), PictureReader(model)
    cutters = [TileSource(_tiling(s, overlap), profile, reader.max_pixels) for s in scales]
    sources = [_source(path, cutter) for cutter in cutters]
    if sources[0].georeference is None and 'm' in {length('scale', s)[1] for s in scales}:
        raise ValueError(f'{path} has no place on Earth: give the side of the windows in pixels')
    if all(len(source.grid) == 1 for source in sources):
        raise ValueError(
            f'{path} has {sources[0].size[0]} x {sources[0].size[1]} pixels, which one window '
            f'covers: give smaller windows than {", ".join(map(str, scales))}'
        )
    wanted = embed_texts(model, [text])[0]
    windows, scores, batch, empty, failed = [], [], [], 0, []

    def keep() -> None:
        if batch:
            vectors = encode_pixels(model, [read.pixels for read in batch], precision)
            windows.extend(read.tile.window for read in batch)
            scores.extend((vectors @ wanted).tolist())
            batch.clear()

    total = len(set().union(*(source.grid for source in sources)))
    reads = _reads(path, cutters, sources, reader, 2 * batch_size)
    for read in tqdm(reads, total=total, unit='window', disable=None):
        if read.pixels is not None:
            batch.append(read)
        elif read.error is not None:
            failed.append(str(read.error))
        else:
            empty += 1
        if len(batch) == batch_size:
            keep()
    keep()
    if not windows:
        reason = failed[0] if failed else 'no data: all of it is masked or 0'
        raise ValueError(f'{path}: {reason}')
    heat = HeatMap(*window_mean(np.array(windows), np.array(scores), *sources[0].size))
    return Localisation(text, sources[0], heat, tuple(scales), len(windows), empty, tuple(failed))


def _source(path: str, cutter: TileSource) -> Source:
    try:
        return cutter.source(path)
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from None


def _tiling(scale: int | str, overlap: float) -> Tiling:
    number, unit = length('side of a window', scale)
    return Tiling(f'{number}{unit}', f'{number * overlap:.9f}{unit}')


def _reads(
    path: str,
    cutters: Sequence[TileSource],
    sources: Sequence[Source],
    reader: PictureReader,
    ahead: int,
) -> Iterator[TileRead]:
    """The windows of all sizes, each place once: windows as large as the raster are the same."""
    seen: set[tuple[int, int, int, int]] = set()
    for cutter, source in zip(cutters, sources, strict=True):
        for read in read_tiles([path], cutter, reader, ahead, {path: seen.copy()}):
            if read.tile is not None:
                yield read
            elif read.error is not None:
                raise ValueError(f'{path}: {read.error}')
        seen.update(source.grid)


def read_truth(path: str | Path, raster: str | Path) -> list[Any]:
    """The true regions of a sentence in a raster: :func:`pir_mm.search.regions.read_regions`."""
    return read_regions(path, _source(os.fspath(raster), TileSource()))


def evaluate_localisation(found: Localisation, regions: Sequence[Any]) -> LocalisationIndicators:
    """The published indicators of a heat map, given the true regions of its sentence.

    A raster with more than 4096 pixels in width or height is evaluated on a smaller map, with the
    lengths of the definition divided likewise.

    Args:
        found: from :func:`localise`.
        regions: from :func:`read_truth`.

    Raises:
        ValueError: if the regions cover the whole map, or it is the same everywhere.
    """
    size, shrink = _shown(found.heat.size, EVALUATED_SIDE)
    outlines = [region_corners(region) / shrink for region in regions]
    mask = region_mask(regions, size, shrink)
    return localisation_indicators(
        found.heat.pixels(size=size), mask, outlines, float(np.mean(shrink))
    )


def _shown(size: tuple[int, int], side: int) -> tuple[tuple[int, int], np.ndarray]:
    """A size of at most ``side`` in the same shape, and how many pixels one of it is wide, high."""
    smaller = shrunk_size(size, side)
    return smaller, np.divide(size, smaller)
