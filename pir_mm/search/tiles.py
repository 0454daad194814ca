"""What one vector of an index shows, and the table of all of them."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pir_mm.files.rasters import Look
from pir_mm.search.georeference import Affine
from pir_mm.search.tiling import Window
from pir_mm.structures.footprint import Footprint


@dataclass(frozen=True)
class Tile:
    """Where the pixels behind one vector come from.

    Args:
        source: path of the picture or raster.
        window: ``(column, row, width, height)`` in its pixels, from its top left corner.
        crs: its own coordinate reference system; ``None`` where it has no place on Earth.
        transform: the six numbers of the affine map from the pixels of this tile to ``crs``, by
            rows, or ``None``.
        footprint: where the tile lies in WGS84, or ``None``.
        look: how samples of a raster become colours; ``None`` for pictures.
        is_whole: whether it is all of its source.

    Raises:
        ValueError: if the window is empty or begins outside the picture, or if only one of ``crs``
            and ``transform`` is given.
    """

    source: str
    window: Window
    crs: str | None = None
    transform: Affine | None = None
    footprint: Footprint | None = None
    look: Look | None = None
    is_whole: bool = True

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
QUERY_IDS = 500
"""Ids of one query: old versions of SQLite take at most 999."""
COLUMNS = ['id', 'source', 'window', 'crs', 'transform']


def write_tiles(path: str | Path, tiles: Sequence[Tile]) -> None:
    """Write one feature per tile to layer ``tiles`` in EPSG:4326, in the order of the vectors.

    ``window`` and ``transform`` are JSON lists in text columns. The layer is declared as
    MultiPolygon because a GIS shows one symbol for it; geometries are null.
    """
    from pyogrio import raw  # takes half a second, and a search does not write

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


class TileTable:
    """Layer ``tiles`` of a GeoPackage, opened once: a file that takes its name later is not read.

    A GeoPackage is an SQLite database.

    Raises:
        ValueError: if the file is no GeoPackage with such a layer.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = path
        names = {'id', 'source', 'window', 'crs', 'transform'}
        uri = Path(path).resolve().as_uri()
        try:
            self._file = sqlite3.connect(
                f'{uri}?mode=ro&immutable=1', uri=True, check_same_thread=False
            )
            columns = {row[1] for row in self._file.execute(f'PRAGMA table_info({LAYER})')}
            missing = sorted(names - columns)
            if missing:
                what = 'column ' + ', '.join(missing) if columns else f'layer {LAYER!r}'
                raise ValueError(f'{path} has no {what}')
            ((self.count,),) = self._file.execute(f'SELECT COUNT(*) FROM {LAYER}')
        except sqlite3.Error as error:
            raise ValueError(f'{path} is no table of tiles: {error}') from None

    def __len__(self) -> int:
        return self.count

    def read(self, ids: Sequence[int]) -> list[Tile]:
        """Read the tiles of some ids, in the order given; an id may occur several times.

        Raises:
            ValueError: if there is no such id.
        """
        wanted = sorted({int(i) for i in ids})
        found: dict[int, Tile] = {}
        for start in range(0, len(wanted), QUERY_IDS):
            some = wanted[start : start + QUERY_IDS]
            marks = ', '.join('?' * len(some))
            query = f'SELECT id, source, window, crs, transform FROM {LAYER} WHERE fid IN ({marks})'
            rows = self._file.execute(query, [i + 1 for i in some])  # its features count from 1
            for number, source, window, crs, transform in rows:
                transform = transform and tuple(json.loads(transform))
                found[number] = Tile(source, tuple(json.loads(window)), crs, transform)
        absent = [i for i in wanted if i not in found]
        if absent:
            raise ValueError(f'{self.path} has no tile {absent[0]}: index anew')
        return [found[int(i)] for i in ids]
