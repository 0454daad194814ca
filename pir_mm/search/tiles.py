"""What one vector of an index shows, and the table of all of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pyogrio import raw, read_info
from pyogrio.errors import DataSourceError, FeatureError


@dataclass(frozen=True)
class Tile:
    """Where the pixels behind one vector come from.

    Args:
        source: path of the picture.
        window: ``(column, row, width, height)`` in pixels of the picture, from its top left corner.
        crs: the picture's own coordinate reference system; ``None`` where it has no place on Earth.
        transform: the six numbers of the affine map from pixels to ``crs``, by rows, or ``None``.

    Raises:
        ValueError: if the window is empty or begins outside the picture, or if only one of ``crs``
            and ``transform`` is given.
    """

    source: str
    window: tuple[int, int, int, int]
    crs: str | None = None
    transform: tuple[float, float, float, float, float, float] | None = None

    def __post_init__(self) -> None:
        column, row, width, height = self.window
        if column < 0 or row < 0 or width < 1 or height < 1:
            raise ValueError(
                f'{self.source}: window {self.window} must be (column, row, width, height) with '
                'column and row at least 0, width and height at least 1'
            )
        if (self.crs is None) != (self.transform is None):
            raise ValueError(f'{self.source}: crs and transform come together, or neither')


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
