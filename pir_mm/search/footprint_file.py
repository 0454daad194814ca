"""GeoPackages of tiles, as layers that any GIS opens; ``footprints.gpkg`` is one of an index."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from pir_mm.files.write_errors import ROOM, telling_write_errors
from pir_mm.files.writing import atomic_file
from pir_mm.search.tiles import Tile

LAYER = 'tiles'
AT_ONCE = 100_000
"""Tiles that are written together."""


def write_footprints(path: str | Path, parts: Iterable[Sequence[tuple[int, Tile]]]) -> None:
    """Write one feature per tile to layer ``tiles``, see :func:`write_layer`.

    ``window`` (column, row, width, height) and ``transform`` (from the tile's pixels to ``crs``)
    are JSON lists in text columns.

    Args:
        path: of the GeoPackage; an older one is replaced.
        parts: ids and tiles, some at a time.

    Raises:
        FullDiskError: if there is no room for it.
    """
    write_layer(path, LAYER, (([tile for _, tile in part], _fields(part)) for part in parts))


def write_layer(
    path: str | Path,
    layer: str,
    parts: Iterable[tuple[Sequence[Tile], Mapping[str, np.ndarray]]],
) -> None:
    """Write a layer of footprints in EPSG:4326, whole or not at all.

    A tile without a place has no geometry, and the layer is there even if no tile has one.

    Args:
        path: of the GeoPackage; an older one is replaced.
        layer: its name.
        parts: tiles and their fields ``(n,)`` by name, some at a time; at least one part.

    Raises:
        FullDiskError: if there is no room for it.
    """
    from pyogrio import raw  # takes half a second, and a search does not write

    with atomic_file(path) as temporary, telling_write_errors(path, needs=4 * ROOM):
        is_begun = False
        for tiles, fields in parts:
            raw.write(
                str(temporary),
                geometry=_column([tile.footprint and tile.footprint.to_wkb() for tile in tiles]),
                field_data=list(fields.values()),
                fields=list(fields),
                layer=layer,
                driver='GPKG',
                geometry_type='MultiPolygon',
                crs='EPSG:4326',
                append=is_begun,
            )
            is_begun = True


def _fields(part: Sequence[tuple[int, Tile]]) -> dict[str, np.ndarray]:
    tiles = [tile for _, tile in part]
    return {
        'id': np.array([number for number, _ in part], dtype=np.int64),
        'source': _column([tile.source for tile in tiles]),
        'window': _column([json.dumps(tile.window) for tile in tiles]),
        'crs': _column([tile.crs for tile in tiles]),
        'transform': _column([tile.transform and json.dumps(tile.transform) for tile in tiles]),
    }


def _column(values: Sequence[object]) -> np.ndarray:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column
