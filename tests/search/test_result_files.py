import csv
import json

import pytest
import shapely

from pir_mm.search import Hit, Tile, write_csv, write_geojson
from pir_mm.structures.footprint import Footprint

HITS = [
    Hit('a "ship", red', 1, 0.123456789, Tile('/p/ü.png', (0, 0, 5, 4))),
    Hit('a "ship", red', 2, -0.5, Tile('/p/b.png', (1, 2, 3, 4))),
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
                },
                {
                    'query': 'a "ship", red',
                    'rank': 2,
                    'score': -0.5,
                    'source': '/p/b.png',
                    'window': [1, 2, 3, 4],
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
    write_geojson(tmp_path / 'hits.geojson', [Hit('ship', 1, 0.5, tile)])
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
        ['query', 'rank', 'score', 'source', 'window'],
        ['a "ship", red', '1', '0.123457', '/p/ü.png', '[0, 0, 5, 4]'],
        ['a "ship", red', '2', '-0.5', '/p/b.png', '[1, 2, 3, 4]'],
    ]
