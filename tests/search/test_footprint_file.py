"""footprints.gpkg is a GeoPackage any GIS opens, places or none."""

import sqlite3

import pyogrio
import pytest
import shapely

from pir_mm.search.footprint_file import write_footprints
from pir_mm.search.tiles import Tile
from pir_mm.structures.footprint import Footprint

SQUARE = Footprint((((1.0, 2.0), (3.0, 2.0), (3.0, 4.0), (1.0, 4.0), (1.0, 2.0)),))
TILES = [
    Tile('/archive/a.png', (0, 0, 224, 200)),
    Tile('/a/über all.tif', (64, 0, 64, 64), 'EPSG:32618', (30.0, 0, 1e5, 0, -30.0, 4e6), SQUARE),
    Tile('/archive/a.png', (7, 8, 9, 10)),
]


@pytest.mark.parametrize('at_once', [1, 2, 5])
def test_the_layer_is_as_the_contract_says(tmp_path, at_once):
    rows = list(enumerate(TILES))
    parts = (rows[start : start + at_once] for start in range(0, 3, at_once))
    write_footprints(tmp_path / 'f.gpkg', parts)
    info = pyogrio.read_info(tmp_path / 'f.gpkg', layer='tiles')
    assert info['crs'] == 'EPSG:4326' and info['geometry_type'] == 'MultiPolygon'
    assert info['fields'].tolist() == ['id', 'source', 'window', 'crs', 'transform']
    _, _, geometry, columns = pyogrio.raw.read(tmp_path / 'f.gpkg', layer='tiles')
    assert geometry[0] is geometry[2] is None
    assert shapely.from_wkb(geometry[1]).equals(shapely.box(1, 2, 3, 4))
    assert columns[0].tolist() == [0, 1, 2]
    assert columns[1].tolist() == [tile.source for tile in TILES]
    assert columns[2].tolist() == ['[0, 0, 224, 200]', '[64, 0, 64, 64]', '[7, 8, 9, 10]']
    assert columns[3].tolist() == [None, 'EPSG:32618', None]
    assert columns[4].tolist() == [None, '[30.0, 0, 100000.0, 0, -30.0, 4000000.0]', None]
    assert [path.name for path in tmp_path.iterdir()] == ['f.gpkg']


def test_it_is_a_plain_geopackage_where_no_tile_has_a_place(tmp_path):
    """Read by SQLite alone, as OGR and QGIS do below their surface."""
    write_footprints(tmp_path / 'f.gpkg', [[(0, TILES[0])]])
    with sqlite3.connect(tmp_path / 'f.gpkg') as base:
        kind = base.execute('select table_name, data_type, srs_id from gpkg_contents').fetchall()
        shape = base.execute('select geometry_type_name from gpkg_geometry_columns').fetchall()
        geometries = base.execute('select geom from tiles').fetchall()
    base.close()
    assert kind == [('tiles', 'features', 4326)]
    assert shape == [('MULTIPOLYGON',)]
    assert geometries == [(None,)]


def test_it_is_found_by_place(tmp_path):
    write_footprints(tmp_path / 'f.gpkg', [list(enumerate(TILES))])
    found = pyogrio.raw.read(tmp_path / 'f.gpkg', bbox=(2, 3, 2.1, 3.1))[3]
    assert found[0].tolist() == [1]


def test_the_older_one_stays_if_the_new_one_fails(tmp_path):
    write_footprints(tmp_path / 'f.gpkg', [list(enumerate(TILES))])

    def broken():
        yield [(0, TILES[0])]
        raise KeyError

    with pytest.raises(KeyError):
        write_footprints(tmp_path / 'f.gpkg', broken())
    assert pyogrio.read_info(tmp_path / 'f.gpkg')['features'] == 3
    assert [path.name for path in tmp_path.iterdir()] == ['f.gpkg']
