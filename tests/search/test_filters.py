"""Filters give the ids that a brute reading of all tiles gives, and ranking sees no others."""

import json
import time

import numpy as np
import pytest
import shapely

from pir_mm.files.taken_dates import TakenDate
from pir_mm.search import EmbeddingIndex, IndexWriter, Source, Stamp, TileFilter
from pir_mm.search.filters import box_place, ids_in_place, read_place
from pir_mm.search.georeference import Georeference
from pir_mm.search.tile_table import TileTable
from pir_mm.search.tiling import Tiling
from tests.search.filling import as_of_old, fill, model, unit

UTM = Georeference('EPSG:32633', (10.0, 0.0, 4e5, 0.0, -10.0, 5.5e6))
TURNED = Georeference('EPSG:32633', (8.0, 6.0, 4.3e5, 6.0, -8.0, 5.5e6))
FIJI = Georeference('EPSG:4326', (0.01, 0.0, 178.9, 0.0, -0.01, -16.0))
DAYS = (('utm_20200531.tif', '2020-05-31'), ('turned.tif', '2020-06-30'), ('fiji.tif', None))


def sources():
    for (name, day), place in zip(DAYS, (UTM, TURNED, FIJI), strict=True):
        grid = Tiling(64, 16).grid(300, 200, (10.0, 10.0))
        taken = None if day is None else TakenDate(day, 'name')
        yield Source(f'/archive/{name}', (300, 200), grid, place, None, 10.0, taken)
    grid = Tiling(64).grid(64, 64, None)
    yield Source('/archive/photos/plain.png', (64, 64), grid)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('filters') / 'index'
    with IndexWriter.opened(folder) as writer:
        writer.set_model(model(8), None, None)
        writer.add_roots(['/archive'])
        for number, source in enumerate(sources()):
            tiles = [source.tile(window) for window in source.grid]
            writer.begin_source(source.path, Stamp(1, 2), source)
            writer.add(unit(len(tiles), 8, number), tiles)
            writer.end_source(source.path)
        writer.finish()
    return folder


@pytest.fixture(scope='module')
def index(folder):
    return EmbeddingIndex(folder)


def shape_of(tile):
    return None if tile.footprint is None else shapely.geometry.shape(tile.footprint.geometry)


def brute(index, place):
    shapes = [
        (i, shape_of(tile)) for i, tile in zip(index.ids, index.tiles(index.ids), strict=True)
    ]
    return [int(i) for i, shape in shapes if shape is not None and shape.intersects(place)]


BOXES = [
    (13.62, 49.63, 13.64, 49.64),
    (13.6, 49.6, 14.1, 49.66),
    (14.0, 49.6, 14.06, 49.66),  # across tiles that stand on a corner
    (178.95, -17, -178, -16.5),
    (-180, -90, 180, 90),
    (0, 0, 1, 1),
    (13.63, 49.635, 13.63, 49.635),
]


@pytest.mark.parametrize('bbox', BOXES)
def test_a_box_gives_the_tiles_that_meet_it(index, bbox):
    found = index.select(TileFilter(bbox=bbox)).tolist()
    assert found == brute(index, box_place(bbox))
    assert len(found) > 0 or bbox == (0, 0, 1, 1)


def test_the_box_of_a_turned_tile_is_not_its_place(index):
    number = index.select(TileFilter(where="name = 'turned.tif'"))[0]
    (tile,) = index.tiles([number])
    west, south, east, north = shape_of(tile).bounds
    corner = (west, south, west + 1e-5, south + 1e-5)
    assert number not in index.select(TileFilter(bbox=corner))
    assert number in index.select(TileFilter(bbox=(west, south, east, north)))


def write(path, content):
    path.write_text(json.dumps(content))
    return path


def polygon(*points):
    return {'type': 'Polygon', 'coordinates': [[*map(list, points), list(points[0])]]}


def test_polygons_of_every_kind_of_geojson(index, tmp_path):
    left = polygon((13.60, 49.60), (13.63, 49.60), (13.60, 49.66))
    right = polygon((13.9, 49.6), (14.2, 49.6), (14.2, 49.7))
    feature = {'type': 'Feature', 'properties': {}, 'geometry': left}
    collection = {
        'type': 'FeatureCollection',
        'features': [feature, {**feature, 'geometry': None}, {**feature, 'geometry': right}],
    }
    both = {'type': 'GeometryCollection', 'geometries': [left, right]}
    wanted = brute(index, shapely.union_all([shapely.geometry.shape(s) for s in (left, right)]))
    assert 0 < len(wanted) < len(index) - 1
    for content in (collection, both):
        path = write(tmp_path / 'p.geojson', content)
        assert index.select(TileFilter(polygon=path)).tolist() == wanted
    path = write(tmp_path / 'p.geojson', feature)
    inside = TileFilter(polygon=path, bbox=(13.6, 49.6, 13.61, 49.7))
    assert set(index.select(inside)) < set(brute(index, shapely.geometry.shape(left)))


def test_a_polygon_beyond_180_degrees_is_moved_back(index, tmp_path):
    across = polygon((179.5, -18), (181.5, -18), (181.5, -16), (179.5, -16))
    path = write(tmp_path / 'p.geojson', across)
    found = index.select(TileFilter(polygon=path)).tolist()
    assert found == index.select(TileFilter(bbox=(179.5, -18, -178.5, -16))).tolist() != []


def test_a_polygon_with_a_hole_leaves_out_what_lies_in_it(index, tmp_path):
    ring = polygon((13.5, 49.5), (14.5, 49.5), (14.5, 49.8), (13.5, 49.8))
    hole = [[13.6, 49.55], [13.6, 49.75], [14.4, 49.75], [14.4, 49.55], [13.6, 49.55]]
    ring['coordinates'].append(hole)
    assert index.select(TileFilter(polygon=write(tmp_path / 'p.geojson', ring))).tolist() == []


@pytest.mark.parametrize(
    ('wanted', 'names'),
    [
        ({'since': '2020-06'}, ['turned.tif']),
        ({'until': '2020-05'}, ['utm_20200531.tif']),
        ({'since': '2020', 'until': '2020'}, ['turned.tif', 'utm_20200531.tif']),
        ({'where': "name glob 'utm*' or date is null"}, ['fiji.tif', 'plain.png', DAYS[0][0]]),
        ({'where': "folder = 'photos'"}, ['plain.png']),
        ({'where': "source = '/archive/photos/plain.png'"}, ['plain.png']),
        ({'where': 'gsd = 10', 'until': '2020-05-31'}, ['utm_20200531.tif']),
        ({'where': 'date is null or gsd > 0', 'since': '2021'}, []),
        ({'where': "crs = 'EPSG:4326'", 'bbox': (0, 0, 90, 90)}, []),
    ],
)
def test_days_and_conditions(index, wanted, names):
    ids = index.select(TileFilter(**wanted))
    assert sorted({tile.source.rpartition('/')[2] for tile in index.tiles(ids)}) == sorted(names)
    assert np.array_equal(ids, np.unique(ids))


def test_a_filter_goes_before_the_ranking(index):
    query = unit(1, 8, 99)
    wanted = index.select(TileFilter(where="name = 'turned.tif'"))
    scores = index.store.vectors(index.ids) @ query[0]
    best = sorted(wanted, key=lambda i: -scores[i])[:5]
    assert index.search(query, 5, wanted).ids[0].tolist() == best
    assert index.search(query, 5).ids[0].tolist() != best


def test_no_filter_is_all(index):
    assert index.select(TileFilter()) is None and TileFilter().is_empty
    assert not TileFilter(until='2020').is_empty


def test_paths_follow_an_archive_that_moved(tmp_path):
    (tmp_path / 'there').mkdir()
    fill(tmp_path / 'index', ['x/a.png', 'b.png'])
    where = TileFilter(where=f"source = '{tmp_path}/there/x/a.png' and folder = 'x'")
    assert EmbeddingIndex(tmp_path / 'index', tmp_path / 'there').select(where).tolist() == [0]
    assert EmbeddingIndex(tmp_path / 'index').select(where).tolist() == []


def test_an_index_without_dates_says_what_to_do(tmp_path):
    fill(tmp_path / 'index', ['a.png'])
    as_of_old(tmp_path / 'index' / 'tiles.sqlite')
    index = EmbeddingIndex(tmp_path / 'index')
    for wanted in ({'since': '2020'}, {'where': 'gsd is null'}):
        with pytest.raises(ValueError, match='older pir_mm, which kept no dates.*tools/index.py'):
            index.select(TileFilter(**wanted))
    assert index.select(TileFilter(where='width < 9')).tolist() == [0]


@pytest.mark.parametrize(
    ('wanted', 'reason'),
    [
        ({'bbox': (0, 1, 2)}, 'a box is west,south,east,north in degrees'),
        ({'bbox': 'a,b,c,d'}, 'a box is west,south,east,north in degrees'),
        ({'bbox': (0, 50, 1, 40)}, 'south not above north'),
        ({'bbox': (0, 0, 181, 1)}, 'is not on Earth'),
        ({'bbox': (0, 0, float('nan'), 1)}, 'is not on Earth'),
        ({'since': '2020-07', 'until': '2020-06'}, 'since 2020-07 lies behind until 2020-06'),
        ({'since': 'May'}, "'May' is no date"),
        ({'where': 'nothing = 1'}, 'in place of a column'),
    ],
)
def test_a_mistake_is_told_before_an_index_is_opened(wanted, reason):
    with pytest.raises(ValueError, match=reason):
        TileFilter(**wanted)


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        ('{"type": "Point", "coordinates": [1, 2]}', 'has no polygon'),
        ('{"type": "FeatureCollection", "features": []}', 'has no polygon'),
        ('{"type": "Polygon", "coordinates": [[[4e5, 5e6], [5e5, 5e6], [5e5, 6e6], [4e5, 5e6]]]}',
         'is not in degrees of longitude and latitude: it reaches from 400000'),
        ('{"type": "Polygon", "crs": {"properties": {"name": "urn:ogc:def:crs:EPSG::32633"}}, '
         '"coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}', 'EPSG::32633, and GeoJSON is in'),
        ('{"type": "Polygon", "coordinates": 5}', 'is no GeoJSON file of polygons'),
        ('{"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}', 'is no GeoJSON file'),
        ('{"type": "Circle", "coordinates": []}', 'is no GeoJSON file of polygons'),
        ('[1, 2]', 'is no GeoJSON file of polygons'),
        ('{"type": "Feature"}', 'is no GeoJSON file of polygons'),
        ('[' * 100_000, 'is no GeoJSON file of polygons'),
        ('\x00\x01 PK', 'is no GeoJSON file of polygons'),
    ],
)  # fmt: skip
def test_bad_polygons_are_told_in_a_sentence(tmp_path, content, reason):
    path = tmp_path / 'bad.geojson'
    path.write_text(content)
    with pytest.raises(ValueError, match=reason):
        read_place(path)
    with pytest.raises(FileNotFoundError, match='the polygon file .*gone.geojson does not exist'):
        TileFilter(polygon=tmp_path / 'gone.geojson')


def test_many_tiles_are_filtered_at_once(tmp_path):
    table = TileTable(tmp_path / 'tiles.sqlite', write=True)
    grid = Tiling(10).grid(1000, 1000, (10.0, 10.0))
    source = Source('/a.tif', (1000, 1000), grid, UTM)
    tiles = [source.tile(window) for window in grid]
    with table.transaction():
        table.put_source('/a.tif', Stamp(), source)
        table.add_tiles(tiles, ['/a.tif'] * len(tiles))
    began = time.perf_counter()
    found = ids_in_place(table, box_place((13.62, 49.6, 13.7, 49.66)))
    assert time.perf_counter() - began < 5
    assert 1000 < len(found) < 10_000
    table.close()
