"""True regions of a sentence in a raster, from GeoJSON."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pir_mm.search.tile_source import Source

MAX_BYTES = 2**26
"""Of a GeoJSON file, which is read whole."""


def read_regions(path: str | Path, source: Source) -> list[Any]:
    """The polygons of a GeoJSON file in the pixels of a picture or raster.

    Where the raster has a place on Earth, coordinates are longitude and latitude of WGS84 (RFC
    7946); corners are placed, edges between them are straight in the raster. Without a place they
    are columns and rows from the top left corner. A multipolygon is several regions.

    Args:
        path: of the file: a feature collection, a feature or a geometry.
        source: the picture or raster, from :meth:`pir_mm.search.TileSource.source`.

    Returns:
        Polygons of shapely, columns and rows, each of which lies in the picture with a part of it.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no GeoJSON, has other geometries than polygons or none, or if a region
            is crossed by itself or lies outside; the message names the file and the region.
    """
    import shapely

    path = Path(path)
    whole = shapely.box(0, 0, *source.size)
    regions = []
    for number, rings in enumerate(_polygons(path), start=1):
        corners = [_in_pixels(path, number, ring, source) for ring in rings]
        try:
            region = shapely.Polygon(corners[0], corners[1:])
        except shapely.errors.GEOSException as error:
            raise ValueError(f'region {number} of {path} is no polygon: {error}') from None
        if not region.is_valid or region.area == 0:
            reason = 'it has no area' if region.is_valid else shapely.is_valid_reason(region)
            raise ValueError(f'region {number} of {path} is no polygon: {reason}')
        if not region.intersection(whole).area:
            west, north, east, south = region.bounds
            raise ValueError(
                f'region {number} of {path} lies outside {source.path}: its columns are {west:.0f} '
                f'to {east:.0f} and its rows {north:.0f} to {south:.0f} of {source.size[0]} x '
                f'{source.size[1]} pixels'
            )
        regions.append(region)
    if not regions:
        raise ValueError(f'{path} has no polygon: draw the true regions of the sentence')
    return regions


def region_corners(region: Any) -> NDArray[np.float64]:
    """The outer corners ``(V, 2)`` of a polygon, the first not again at the end."""
    return np.asarray(region.exterior.coords)[:-1]


def region_mask(
    regions: Sequence[Any], size: tuple[int, int], shrink: tuple[float, float]
) -> NDArray[np.bool_]:
    """The pixels ``(height, width)`` whose middle lies in a polygon.

    Args:
        regions: polygons in pixels of the picture.
        size: width and height of the mask.
        shrink: pixels of the picture in the width and height of one of the mask.
    """
    from rasterio.features import rasterize
    from rasterio.transform import Affine

    width, height = size
    scale = Affine.scale(*shrink)
    return rasterize(regions, (height, width), transform=scale, dtype=np.uint8).astype(bool)


def _polygons(path: Path) -> Iterator[list[Any]]:
    """The rings of each polygon of a file."""
    if not path.is_file():
        raise FileNotFoundError(f'the regions {path} do not exist')
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f'{path} has {path.stat().st_size} bytes, above {MAX_BYTES}')
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path} is no GeoJSON: {error}') from None
    if not isinstance(content, dict):
        raise ValueError(f'{path} is no GeoJSON: it must be an object with a type')
    features = content.get('features') if content.get('type') == 'FeatureCollection' else [content]
    if not isinstance(features, list):
        raise ValueError(f'{path} is no GeoJSON: its features must be a list')
    for feature in features:
        is_feature = isinstance(feature, dict) and feature.get('type') == 'Feature'
        geometry = feature.get('geometry') if is_feature else feature
        kind = geometry.get('type') if isinstance(geometry, dict) else geometry
        if kind not in ('Polygon', 'MultiPolygon'):
            raise ValueError(f'{path} has a {kind}: true regions are polygons or multipolygons')
        parts = geometry.get('coordinates')
        parts = [parts] if kind == 'Polygon' else parts
        if not isinstance(parts, list) or not all(isinstance(p, list) and p for p in parts):
            raise ValueError(f'{path} has a {kind} without coordinates')
        yield from parts


def _in_pixels(path: Path, number: int, ring: Any, source: Source) -> NDArray[np.float64]:
    try:
        corners = np.array([point[:2] for point in ring], dtype=float)
        if len(corners) < 4 or corners.shape[1] != 2 or not np.isfinite(corners).all():
            raise ValueError
    except (TypeError, ValueError, IndexError):
        raise ValueError(
            f'region {number} of {path} has a ring that is no list of four or more points'
        ) from None
    if source.georeference is None:
        return corners
    if (np.abs(corners) > (360, 90)).any():
        raise ValueError(
            f'region {number} of {path} is not in degrees: {source.path} has a place, so its '
            'regions are in longitude and latitude'
        )
    pixels = source.georeference.from_wgs84(corners)
    if not np.isfinite(pixels).all():
        raise ValueError(f'region {number} of {path} has a corner that {source.path} cannot place')
    return pixels
