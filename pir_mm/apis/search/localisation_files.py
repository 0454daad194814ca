"""A heat map of a sentence as a raster for a GIS and as a picture."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pir_mm.apis.search.localisation import Localisation
from pir_mm.files.cog import write_cog
from pir_mm.search import Tile, TileSource
from pir_mm.search.regions import region_corners
from pir_mm.search.tiling import length

PICTURE_SIDE = 1600


def write_localisation(path: str | Path, found: Localisation, regions: Sequence[Any] = ()) -> None:
    """Write a heat map by the ending of the file, whole or not at all.

    ``.tif`` is a Cloud Optimised GeoTIFF of the raster's own pixels, place and size, of float32
    similarities, NaN where the raster or all windows had no data. ``.png`` and ``.pdf`` are the
    raster in grey with the map over it, at most 1600 pixels a side.

    Args:
        path: of the file.
        found: from :func:`localise`.
        regions: true regions, whose outlines a picture has too.

    Raises:
        ValueError: if ``path`` has another ending, or is the raster itself.
    """
    if os.path.realpath(path) == os.path.realpath(found.source.path):
        raise ValueError(f'{path} is the raster itself: choose another file for its heat map')
    if Path(path).suffix.lower() == '.tif':
        _write_raster(path, found)
    elif Path(path).suffix.lower() in ('.png', '.pdf'):
        _write_picture(path, found, regions)
    else:
        raise ValueError(f'{path} must end in .tif, .png or .pdf')


def _write_raster(path: str | Path, found: Localisation) -> None:
    place = found.source.georeference
    if place is None:
        where = {}
    elif place.transform is not None:
        where = {'crs': place.crs, 'transform': place.transform}
    else:
        where = {'crs': place.crs, 'control_points': place.control_points}
    tags = {
        'SENTENCE': found.text,
        'WINDOWS': ', '.join(map(str, found.scales)),
        'SOURCE': Path(found.source.path).name,
    }
    description = f'similarity to: {found.text}'
    tiles = TileSource()

    def values(window: tuple[int, int, int, int]) -> np.ndarray:
        return _where_data(found, tiles, window, window[2:])

    write_cog(path, found.heat.size, values, description, tags, **where)


def _write_picture(path: str | Path, found: Localisation, regions: Sequence[Any]) -> None:
    from pir_mm.visualization.figure_file import save_picture
    from pir_mm.visualization.heat_picture import HeatPicture, draw_heat

    source, size = found.source, found.heat.size
    whole = Tile(source.path, (0, 0, *size), look=source.look)
    tiles = TileSource()
    picture = tiles.read(whole, PICTURE_SIDE)
    if picture is None:
        raise ValueError(f'{source.path} has no data to draw')
    shown = (picture.shape[1], picture.shape[0])
    shrink = np.divide(size, shown)
    place = source.georeference
    ground = None if place is None else place.ground_size(*size)
    sides = (length('scale', scale) for scale in found.scales)
    scales = ', '.join(f'{number:g} {unit}' for number, unit in sides)
    figure = draw_heat(
        HeatPicture(
            found.text,
            picture,
            _where_data(found, tiles, whole.window, shown),
            tuple(found.heat.hottest / shrink),
            None if ground is None else ground[0] * shrink[0],
            [region_corners(region) / shrink for region in regions],
            f'{Path(source.path).name}: {found.windows} windows of {scales}',
        )
    )
    save_picture(figure, path)


def _where_data(
    found: Localisation,
    tiles: TileSource,
    window: tuple[int, int, int, int],
    size: tuple[int, int],
) -> np.ndarray:
    """The values ``(h, w)`` of a window's pixels, NaN where the raster has no data."""
    values = found.heat.pixels(window, size)
    try:
        mask = tiles.data_mask(Tile(found.source.path, window, look=found.source.look), size)
    except ValueError:  # a broken part has none; the notes tell of its windows
        return np.full_like(values, np.nan)
    return np.where(mask, values, np.float32(np.nan))
