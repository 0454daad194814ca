import csv
import json

import pyogrio
import pytest
import shapely

from pir_mm.search import Hit, Tile, write_csv, write_geojson, write_gpkg
from pir_mm.structures.footprint import Footprint

HITS = [
    Hit('a "ship", red', 1, 0.123456789, Tile('/p/ü.png', (0, 0, 5, 4)), 3),
    Hit('a "ship", red', 2, -0.5, Tile('/p/b.png', (1, 2, 3, 4), date='2020-02-29'), 4, 99.26, 2),
]


def test_geojson_is_one_feature_per_hit_without_a_place(tmp_path):
    write_geojson(tmp_path / 'new' / 'hits.geojson', HITS)
    content = json.loads((tmp_path / 'new' / 'hits.geojson').read_text(encoding='utf-8'))
    assert content == {
        'type': 'FeatureCollection',
        'features': [
            {'type': 'Feature', 'geometry': None, 'properties': properties}
            for properties in (
                {
                    'query': 'a "ship", red',
                    'rank': 1,
                    'score': 0.123457,
                    'source': '/p/ü.png',
                    'window': [0, 0, 5, 4],
                    'percentile': None,
                    'others': 0,
                    'date': None,
                },
                {
                    'query': 'a "ship", red',
                    'rank': 2,
                    'score': -0.5,
                    'source': '/p/b.png',
                    'window': [1, 2, 3, 4],
                    'percentile': 99.3,
                    'others': 2,
                    'date': '2020-02-29',
                },
            )
        ],
    }
    assert [path.name for path in (tmp_path / 'new').iterdir()] == ['hits.geojson']


SQUARE = ((1.0, 2.0), (3.0, 2.0), (3.0, 4.0), (1.0, 4.0), (1.0, 2.0))
EAST = ((179.0, 5.0), (180.0, 5.0), (180.0, 6.0), (179.0, 5.0))
WEST = ((-180.0, 5.0), (-179.0, 6.0), (-180.0, 6.0), (-180.0, 5.0))


@pytest.mark.parametrize(
    ('rings', 'kind'), [((SQUARE,), 'Polygon'), ((EAST, WEST), 'MultiPolygon')]
)
def test_a_tile_with_a_place_has_its_footprint(tmp_path, rings, kind):
    transform = (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
    tile = Tile('/p/a.tif', (0, 0, 5, 4), 'EPSG:4326', transform, Footprint(rings))
    write_geojson(tmp_path / 'hits.geojson', [Hit('ship', 1, 0.5, tile, 0)])
    (feature,) = json.loads((tmp_path / 'hits.geojson').read_text())['features']
    assert feature['geometry']['type'] == kind
    assert shapely.geometry.shape(feature['geometry']).equals(
        shapely.MultiPolygon([shapely.Polygon(ring) for ring in rings])
    )


def test_csv_quotes_what_needs_it(tmp_path):
    write_csv(tmp_path / 'hits.csv', HITS)
    with open(tmp_path / 'hits.csv', newline='', encoding='utf-8') as file:
        rows = list(csv.reader(file))
    assert rows == [
        ['query', 'rank', 'score', 'source', 'window', 'percentile', 'others', 'date'],
        ['a "ship", red', '1', '0.123457', '/p/ü.png', '[0, 0, 5, 4]', '', '0', ''],
        ['a "ship", red', '2', '-0.5', '/p/b.png', '[1, 2, 3, 4]', '99.3', '2', '2020-02-29'],
    ]


def test_a_geopackage_has_the_properties_as_fields(tmp_path):
    placed = Tile('/p/c.tif', (0, 0, 5, 4), 'EPSG:4326', (1.0,) * 6, Footprint((EAST, WEST)))
    write_gpkg(tmp_path / 'hits.gpkg', [*HITS, Hit('ship', 3, 0.25, placed, 5)])
    meta, _, shapes, fields = pyogrio.raw.read(tmp_path / 'hits.gpkg', layer='hits')
    assert meta['crs'] == 'EPSG:4326'
    assert shapes[0] is None and shapely.from_wkb(shapes[2]).geom_type == 'MultiPolygon'
    rows = dict(zip(meta['fields'], fields, strict=True))
    assert rows['source'].tolist() == ['/p/ü.png', '/p/b.png', '/p/c.tif']
    assert rows['rank'].tolist() == [1, 2, 3] and rows['others'].tolist() == [0, 2, 0]
    assert rows['score'].tolist() == [0.123457, -0.5, 0.25]
    assert rows['window'].tolist()[1] == '[1, 2, 3, 4]'
    assert rows['percentile'][1] == 99.3 and rows['percentile'][0] != rows['percentile'][0]
    assert rows['date'].tolist() == [None, '2020-02-29', None]


def test_a_geopackage_without_results_has_its_layer(tmp_path):
    write_gpkg(tmp_path / 'hits.gpkg', [])
    assert pyogrio.list_layers(tmp_path / 'hits.gpkg')[:, 0].tolist() == ['hits']
