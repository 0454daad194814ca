"""tiles.gpkg is a GeoPackage any GIS opens, places or none."""

import sqlite3

import numpy as np
import pyogrio
import pytest

from pir_mm.search.tiles import Tile, TileTable, write_tiles


def test_a_tile_is_a_value():
    assert Tile('a.png', (0, 0, 5, 4)) == Tile('a.png', (0, 0, 5, 4), crs=None, transform=None)


@pytest.mark.parametrize('window', [(-1, 0, 5, 5), (0, -1, 5, 5), (0, 0, 0, 5), (0, 0, 5, 0)])
def test_refuses_an_empty_window_and_one_outside(window):
    with pytest.raises(ValueError, match=r'a\.png: window .* must be \(column, row,'):
        Tile('a.png', window)


def test_a_place_is_whole_or_absent():
    with pytest.raises(ValueError, match='crs and transform come together'):
        Tile('a.png', (0, 0, 5, 5), crs='EPSG:4326')


TILES = [
    Tile('/archive/a.png', (0, 0, 224, 200)),
    Tile('/archive/über all.tif', (64, 0, 64, 64), 'EPSG:32618', (30.0, 0, 1e5, 0, -30.0, 4e6)),
    Tile('/archive/a.png', (7, 8, 9, 10)),
]


def layer(path, columns):
    """Layer ``tiles`` as some other program may have written it."""
    rows = len(columns['id'])
    pyogrio.raw.write(
        path,
        np.full(rows, None, dtype=object),
        list(columns.values()),
        list(columns),
        layer='tiles',
        driver='GPKG',
        geometry_type='MultiPolygon',
        crs='EPSG:4326',
    )


def test_tiles_come_back_in_the_order_asked_for(tmp_path):
    write_tiles(tmp_path / 'tiles.gpkg', TILES)
    table = TileTable(tmp_path / 'tiles.gpkg')
    assert len(table) == 3
    assert table.read([2, 0, 1, 2]) == [TILES[i] for i in (2, 0, 1, 2)]
    assert table.read(np.array([1])) == [TILES[1]]
    assert table.read([]) == []


def test_reads_more_ids_than_one_query_takes(tmp_path):
    many = [Tile(f'{n}.png', (0, 0, 1, 1)) for n in range(1700)]
    write_tiles(tmp_path / 'tiles.gpkg', many)
    assert TileTable(tmp_path / 'tiles.gpkg').read(range(1699, -1, -1)) == many[::-1]


def test_an_open_table_stays_what_it_was(tmp_path):
    write_tiles(tmp_path / 'tiles.gpkg', TILES)
    table = TileTable(tmp_path / 'tiles.gpkg')
    write_tiles(tmp_path / 'new.gpkg', TILES[::-1])
    (tmp_path / 'new.gpkg').replace(tmp_path / 'tiles.gpkg')
    assert table.read([0]) == [TILES[0]]
    assert TileTable(tmp_path / 'tiles.gpkg').read([0]) == [TILES[2]]


def test_the_layer_is_as_the_contract_says(tmp_path):
    write_tiles(tmp_path / 'tiles.gpkg', TILES)
    info = pyogrio.read_info(tmp_path / 'tiles.gpkg', layer='tiles')
    assert info['crs'] == 'EPSG:4326'
    assert info['fields'].tolist() == ['id', 'source', 'window', 'crs', 'transform']
    _, _, geometry, columns = pyogrio.raw.read(tmp_path / 'tiles.gpkg', layer='tiles')
    assert geometry.tolist() == [None] * 3
    assert columns[0].tolist() == [0, 1, 2]
    assert columns[2].tolist() == ['[0, 0, 224, 200]', '[64, 0, 64, 64]', '[7, 8, 9, 10]']
    assert columns[3].tolist() == [None, 'EPSG:32618', None]


def test_it_is_a_plain_geopackage_with_null_geometries(tmp_path):
    """Read by SQLite alone, as OGR and QGIS do below their surface."""
    write_tiles(tmp_path / 'tiles.gpkg', TILES)
    with sqlite3.connect(tmp_path / 'tiles.gpkg') as base:
        kind = base.execute('select table_name, data_type, srs_id from gpkg_contents').fetchall()
        shape = base.execute('select geometry_type_name from gpkg_geometry_columns').fetchall()
        geometries = base.execute('select geom from tiles').fetchall()
    base.close()
    assert kind == [('tiles', 'features', 4326)]
    assert shape == [('MULTIPOLYGON',)]
    assert geometries == [(None,)] * 3


def test_says_what_is_wrong(tmp_path):
    write_tiles(tmp_path / 'tiles.gpkg', TILES)
    with pytest.raises(ValueError, match=r'tiles.gpkg has no tile 3: index anew'):
        TileTable(tmp_path / 'tiles.gpkg').read([0, 3])
    for name, content in (('absent', None), ('empty', b''), ('text', b'no database at all')):
        path = tmp_path / f'{name}.gpkg'
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(ValueError, match=f"{name}.gpkg (has no layer 'tiles'|is no table)"):
            TileTable(path)
    layer(tmp_path / 'other.gpkg', {'id': np.array([0])})
    with pytest.raises(ValueError, match='has no column crs, source, transform, window'):
        TileTable(tmp_path / 'other.gpkg')


def test_another_order_is_noticed(tmp_path):
    text = dict.fromkeys(('source', 'crs', 'transform'), np.array([None, None], dtype=object))
    text['window'] = np.array(['[0, 0, 1, 1]'] * 2, dtype=object)
    layer(tmp_path / 'tiles.gpkg', {'id': np.array([1, 0]), **text})
    with pytest.raises(ValueError, match='has no tile 0: index anew'):
        TileTable(tmp_path / 'tiles.gpkg').read([0])
