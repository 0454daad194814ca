"""``footprints.gpkg``: the tiles of an index as a layer that any GIS opens."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from pir_mm.files.full_disk import ROOM, telling_full_disk
from pir_mm.files.writing import atomic_file
from pir_mm.search.tiles import Tile

LAYER = 'tiles'
FIELDS = ('id', 'source', 'window', 'crs', 'transform')
AT_ONCE = 100_000
"""Tiles that are written together."""


def write_footprints(path: str | Path, parts: Iterable[Sequence[tuple[int, Tile]]]) -> None:
    """Write one feature per tile to layer ``tiles`` in EPSG:4326, whole or not at all.

    ``window`` (column, row, width, height) and ``transform`` (from the tile's pixels to ``crs``)
    are JSON lists in text columns. A tile without a place has no geometry, and the layer is there
    even if no tile has one.

    Args:
        path: of the GeoPackage; an older one is replaced.
        parts: ids and tiles, some at a time.

    Raises:
        FullDiskError: if there is no room for it.
    """
    from pyogrio import raw  # takes half a second, and a search does not write

    with atomic_file(path) as temporary, telling_full_disk(path, needs=4 * ROOM):
        is_begun = False
        for part in parts:
            shapes = [tile.footprint and tile.footprint.to_wkb() for _, tile in part]
            raw.write(
                str(temporary),
                geometry=_column(shapes),
                field_data=[
                    np.array([number for number, _ in part], dtype=np.int64),
                    *_texts(part),
                ],
                fields=list(FIELDS),
                layer=LAYER,
                driver='GPKG',
                geometry_type='MultiPolygon',
                crs='EPSG:4326',
                append=is_begun,
            )
            is_begun = True


def _texts(part: Sequence[tuple[int, Tile]]) -> list[np.ndarray]:
    tiles = [tile for _, tile in part]
    return [
        _column([tile.source for tile in tiles]),
        _column([json.dumps(tile.window) for tile in tiles]),
        _column([tile.crs for tile in tiles]),
        _column([tile.transform and json.dumps(tile.transform) for tile in tiles]),
    ]


def _column(values: Sequence[object]) -> np.ndarray:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column
