"""``tiles.gpkg``: what the rows of an index show, as a layer that a GIS opens."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pyogrio import raw, read_info
from pyogrio.errors import DataSourceError, FeatureError

from pir_mm.search.tile import Tile

LAYER = 'tiles'
COLUMNS = ['id', 'source', 'window', 'crs', 'transform']


def write_tiles(path: str | Path, tiles: Sequence[Tile]) -> None:
    """Write one feature per tile to layer ``tiles`` in EPSG:4326, in the order of the vectors.

    ``window`` and ``transform`` are JSON lists in text columns. The layer is declared as
    MultiPolygon because a GIS shows one symbol for it; geometries are null.
    """
    text = [
        [tile.source for tile in tiles],
        [json.dumps(tile.window) for tile in tiles],
        [tile.crs for tile in tiles],
        [None if tile.transform is None else json.dumps(tile.transform) for tile in tiles],
    ]
    raw.write(
        str(path),
        geometry=np.full(len(tiles), None, dtype=object),
        field_data=[np.arange(len(tiles)), *(np.array(column, dtype=object) for column in text)],
        fields=COLUMNS,
        layer=LAYER,
        driver='GPKG',
        geometry_type='MultiPolygon',
        crs='EPSG:4326',
    )


def count_tiles(path: str | Path) -> int:
    """Number of features of layer ``tiles``.

    Raises:
        ValueError: if the file is no GeoPackage with such a layer.
    """
    try:
        info = read_info(str(path), layer=LAYER)
    except DataSourceError as error:
        raise ValueError(f'{path} has no layer {LAYER!r}: {error}') from None
    missing = [name for name in COLUMNS if name not in info['fields']]
    if missing:
        raise ValueError(f'{path}: layer {LAYER!r} has no column {", ".join(missing)}')
    return int(info['features'])


def read_tiles(path: str | Path, ids: Sequence[int]) -> list[Tile]:
    """Read the tiles of some ids, in the order given; an id may occur several times.

    Raises:
        ValueError: if there is no such id.
    """
    if len(ids) == 0:
        return []
    rows = [int(i) + 1 for i in ids]  # a GeoPackage counts its features from 1
    try:
        _, _, _, columns = raw.read(str(path), layer=LAYER, fids=rows, read_geometry=False)
    except FeatureError as error:
        raise ValueError(f'{path}: an id of {sorted(set(ids))} is absent: {error}') from None
    by_name = dict(zip(COLUMNS, columns, strict=True))
    if by_name['id'].tolist() != [int(i) for i in ids]:
        raise ValueError(f'{path}: the features are not in the order of the vectors; index anew')
    return [
        Tile(source, tuple(json.loads(window)), crs, transform and tuple(json.loads(transform)))
        for source, window, crs, transform in zip(*columns[1:], strict=True)
    ]
