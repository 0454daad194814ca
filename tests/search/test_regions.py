"""Regions drawn on a map land on the right pixels, and a file that is none is refused."""

import json

import numpy as np
import pytest
from rasterio.warp import transform as warp_transform

from pir_mm.search.georeference import Georeference
from pir_mm.search.regions import read_regions, region_corners, region_mask
from pir_mm.search.tile_source import Source
from pir_mm.search.tiling import Grid

GRID = Grid((0,), (0,), 400, 300)
PLAIN = Source('plain.png', (400, 300), GRID)
TRANSFORM = (0.433, 0.25, 400_000.0, 0.25, -0.433, 5_500_000.0)
PLACED = Source('map.tif', (400, 300), GRID, Georeference('EPSG:32633', TRANSFORM))
SQUARE = [[10, 20], [50, 20], [50, 60], [10, 60], [10, 20]]
HOLE = [[20, 30], [40, 30], [40, 50], [20, 50], [20, 30]]


def file_of(tmp_path, content):
    path = tmp_path / 'truth.geojson'
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def polygon(*rings):
    return {'type': 'Polygon', 'coordinates': list(rings)}


def collection(*geometries):
    features = [{'type': 'Feature', 'properties': {}, 'geometry': g} for g in geometries]
    return {'type': 'FeatureCollection', 'features': features}


def test_without_a_place_coordinates_are_pixels(tmp_path):
    (region,) = read_regions(file_of(tmp_path, polygon(SQUARE, HOLE)), PLAIN)
    assert region_corners(region).tolist() == SQUARE[:-1]
    mask = region_mask([region], (400, 300), (1, 1))
    assert mask.sum() == 40 * 40 - 20 * 20
    assert mask[20, 10] and not mask[19, 10] and not mask[20, 9] and not mask[40, 30]


def test_a_smaller_mask_has_the_pixels_whose_middle_is_inside(tmp_path):
    (region,) = read_regions(file_of(tmp_path, polygon(SQUARE)), PLAIN)
    small = region_mask([region], (80, 60), (5, 5))
    rows, columns = np.mgrid[:60, :80]
    x, y = 5 * (columns + 0.5), 5 * (rows + 0.5)
    np.testing.assert_array_equal(small, (x > 10) & (x < 50) & (y > 20) & (y < 60))


def test_degrees_become_pixels(tmp_path):
    a, b, c, d, e, f = TRANSFORM
    x, y = zip(*((a * u + b * v + c, d * u + e * v + f) for u, v in SQUARE), strict=True)
    degrees = np.column_stack(warp_transform('EPSG:32633', 'EPSG:4326', x, y)).tolist()
    (region,) = read_regions(file_of(tmp_path, collection(polygon(degrees))), PLACED)
    np.testing.assert_allclose(region_corners(region), SQUARE[:-1], atol=1e-4)


def test_each_part_of_a_multipolygon_is_a_region(tmp_path):
    other = [[u + 100, v] for u, v in SQUARE]
    content = {'type': 'MultiPolygon', 'coordinates': [[SQUARE], [other]]}
    found = read_regions(file_of(tmp_path, collection(content, polygon(SQUARE))), PLAIN)
    assert [region.bounds[0] for region in found] == [10, 110, 10]


@pytest.mark.parametrize(
    ('content', 'source', 'message'),
    [
        ('{', PLAIN, 'is no GeoJSON'),
        ('[1]', PLAIN, 'must be an object'),
        ('[' * 100_000, PLAIN, 'is no GeoJSON'),
        ({'type': 'FeatureCollection', 'features': 3}, PLAIN, 'features must be a list'),
        (collection(), PLAIN, 'has no polygon'),
        (collection(None), PLAIN, 'has a None'),
        ({'type': 'Point', 'coordinates': [1, 2]}, PLAIN, 'has a Point: true regions are polygons'),
        ({'type': 'Polygon'}, PLAIN, 'without coordinates'),
        (polygon([[0, 0], [1, 1]]), PLAIN, 'region 1 .* no list of four'),
        (polygon([[0, 0], 'a', [1, 1], [0, 0]]), PLAIN, 'no list of four'),
        (polygon([[0, 0], [9, float('nan')], [9, 9], [0, 0]]), PLAIN, 'no list of four'),
        (polygon([[0, 0], [9, 9], [9, 0], [0, 9], [0, 0]]), PLAIN, 'no polygon: Self-inter'),
        (polygon([[0, 0], [9, 9], [0, 0], [0, 0]]), PLAIN, 'no polygon'),
        (polygon([[900, 0], [990, 9], [900, 9], [900, 0]]), PLAIN, '900 to 990 .* of 400 x 300'),
        (polygon([[u + 90, v] for u, v in SQUARE]), PLACED, 'region 1 .* lies outside map.tif'),
        (polygon([[4e5, 5e6], [5e5, 5e6], [4e5, 6e6], [4e5, 5e6]]), PLACED, 'is not in degrees'),
    ],
)
def test_says_what_is_wrong(tmp_path, content, source, message):
    with pytest.raises(ValueError, match=message) as error:
        read_regions(file_of(tmp_path, content), source)
    assert 'truth.geojson' in str(error.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere.json do not exist'):
        read_regions(tmp_path / 'nowhere.json', PLAIN)
