"""Pixels land where other libraries put them, and what is not a plain square is split rightly."""

import numpy as np
import pytest
import shapely
from rasterio.transform import from_gcps
from rasterio.warp import transform as warp_transform

from pir_mm.search.georeference import Georeference, split_at_antimeridian

UTM33 = Georeference('EPSG:32633', (10.0, 0.0, 500_000.0, 0.0, -10.0, 5_500_000.0))
ROTATED = (3**0.5, 1.0, 4e5, 1.0, -(3**0.5), 5e6)
SOUTH_UP = (10.0, 0.0, 500_000.0, 0.0, 10.0, 5_400_000.0)


def mapped(transform, column, row):
    a, b, c, d, e, f = transform
    return a * column + b * row + c, d * column + e * row + f


def area(footprint):
    return sum(shapely.Polygon(ring).area for ring in footprint.rings)


@pytest.mark.parametrize('transform', [UTM33.transform, ROTATED, SOUTH_UP])
@pytest.mark.parametrize('window', [(0, 0, 1, 1), (256, 512, 256, 128)])
def test_a_footprint_is_where_gdal_puts_the_corners(transform, window):
    place = Georeference('EPSG:32633', transform)
    column, row, width, height = window
    corners = [(column + i * width, row + j * height) for i in (0, 1) for j in (0, 1)]
    points = [mapped(transform, *corner) for corner in corners]
    wanted = np.column_stack(warp_transform('EPSG:32633', 'EPSG:4326', *zip(*points, strict=True)))
    footprint = place.footprint(window)
    found = np.array(footprint.rings[0][:-1])
    assert len(footprint.rings) == 1
    distance = np.abs(found[:, None] - wanted[None]).max(axis=2)
    assert (distance.min(axis=0) < 1e-8).all() and (distance.min(axis=1) < 1e-8).all()
    assert shapely.LinearRing(footprint.rings[0]).is_ccw


def test_the_middle_of_a_zone_is_where_it_is():
    ((west, south, east, north),) = UTM33.footprint((0, 0, 1000, 1000)).boxes
    assert west == pytest.approx(15, abs=1e-6) or west < 15
    assert 49.5 < south < north < 49.7 and 15 < east < 15.2


def test_a_tile_has_a_transform_of_its_own():
    a, b, c, d, e, f = UTM33.tile_transform((256, 512, 64, 64))
    assert (a, b, c) == (10, 0, 502_560) and (d, e, f) == (0, -10, 5_494_880)
    assert UTM33.outline((0, 0, 2, 1)) == [
        (500_000.0, 5_500_000.0),
        (500_000.0, 5_499_990.0),
        (500_020.0, 5_499_990.0),
        (500_020.0, 5_500_000.0),
        (500_000.0, 5_500_000.0),
    ]
    turned = Georeference('EPSG:32633', ROTATED)
    own = turned.tile_transform((3, 5, 9, 9))
    assert mapped(own, 2, 2) == pytest.approx(mapped(ROTATED, 5, 7))


@pytest.mark.parametrize('number', [4, 25])
def test_control_points_lead_where_the_affine_map_would(number):
    side = round(number**0.5)
    points = [
        (c, r, *mapped(ROTATED, c, r))
        for c in np.linspace(0, 400, side)
        for r in np.linspace(0, 300, side)
    ]
    place = Georeference('EPSG:32633', None, tuple(points))
    direct = Georeference('EPSG:32633', ROTATED)
    window = (64, 32, 64, 64)
    np.testing.assert_allclose(
        place.tile_transform(window), direct.tile_transform(window), rtol=1e-6, atol=1e-3
    )
    np.testing.assert_allclose(
        place.footprint(window).rings[0], direct.footprint(window).rings[0], atol=1e-7
    )


def test_control_points_that_bend_are_followed():
    """Where the map is curved, a single affine fit of all points is wrong by many pixels."""

    def bent(c, r):
        return 4e5 + 10 * c + 0.01 * c * c, 5e6 - 10 * r

    points = [(c, r, *bent(c, r)) for c in range(0, 1001, 100) for r in (0, 500, 1000)]
    place = Georeference('EPSG:32633', None, tuple(points))
    x, y = place.outline((500, 0, 100, 100))[0]
    assert (x, y) == pytest.approx(bent(500, 0), abs=5)
    from rasterio.control import GroundControlPoint

    fit = from_gcps([GroundControlPoint(row=r, col=c, x=x, y=y) for c, r, x, y in points])
    assert abs(mapped(fit[:6], 500, 0)[0] - bent(500, 0)[0]) > 100


def test_the_ground_size_of_a_pixel_is_true_in_every_projection():
    assert UTM33.ground_size(2, 2) == pytest.approx((10, 10), rel=1e-3)
    mercator = Georeference('EPSG:3857', (10.0, 0.0, 0.0, 0.0, -10.0, 8_399_738.0))  # at 60 N
    assert mercator.ground_size(2, 2) == pytest.approx((5, 5), rel=1e-2)
    degrees = Georeference('EPSG:4326', (1 / 3600, 0.0, 10.0, 0.0, -1 / 3600, 60.0))
    assert degrees.ground_size(2, 2) == pytest.approx((15.5, 30.95), rel=1e-2)
    assert Georeference('EPSG:4326', (1.0, 0, 0, 0, -1.0, 200.0)).ground_size(2, 2) is None


def test_a_long_edge_gets_points_that_follow_its_bend():
    short, long = UTM33.footprint((0, 0, 256, 256)), UTM33.footprint((0, 0, 60_000, 60_000))
    assert len(short.rings[0]) == 5 and len(long.rings[0]) > 9
    middle = shapely.Point(*UTM33.to_wgs84(UTM33.to_crs(np.array([30_000.0, 60_000.0]))))
    assert shapely.LinearRing(long.rings[0]).distance(middle) < 0.01


@pytest.mark.parametrize(
    ('transform', 'window'),
    [
        ((0.5, 0.0, 179.0, 0.0, -0.5, 10.0), (0, 0, 4, 2)),  # 179 to 181
        ((0.5, 0.0, -181.0, 0.0, -0.5, 10.0), (0, 0, 4, 2)),  # -181 to -179
    ],
)
def test_what_crosses_the_antimeridian_is_two_polygons(transform, window):
    footprint = Georeference('EPSG:4326', transform).footprint(window)
    assert sorted(footprint.boxes) == [(-180, 9, -179, 10), (179, 9, 180, 10)]
    assert all(shapely.LinearRing(ring).is_ccw for ring in footprint.rings)


def test_a_utm_tile_on_the_antimeridian_is_split():
    place = Georeference('EPSG:32660', (30.0, 0.0, 720_000.0, 0.0, -30.0, 5_000_000.0))
    footprint = place.footprint((0, 0, 1000, 1000))
    (west, *_), (_, _, east, _) = sorted(footprint.boxes)
    assert len(footprint.rings) == 2 and west == -180 and east == 180
    assert area(footprint) == pytest.approx(0.385 * 0.27, rel=0.05)


def test_longitudes_up_to_360_become_western_ones():
    footprint = Georeference('EPSG:4326', (1.0, 0.0, 200.0, 0.0, -1.0, 10.0)).footprint(
        (0, 0, 5, 5)
    )
    assert footprint.boxes == [(-160, 5, -155, 10)]


@pytest.mark.parametrize('width', [360, 359])
def test_the_whole_world_is_one_polygon(width):
    place = Georeference('EPSG:4326', (1.0, 0.0, -180.0, 0.0, -1.0, 90.0))
    assert place.footprint((0, 0, width, 180)).boxes == [(-180, -90, width - 180, 90)]


@pytest.mark.parametrize(('crs', 'pole'), [('EPSG:3413', 90), ('EPSG:3031', -90)])
@pytest.mark.parametrize('shift', [0.0, 3e5])
def test_a_tile_around_a_pole_holds_it(crs, pole, shift):
    place = Georeference(crs, (1000.0, 0.0, -5e5 + shift, 0.0, -1000.0, 5e5))
    footprint = place.footprint((0, 0, 1000, 1000))
    boxes = np.array(footprint.boxes)
    assert boxes[:, 0].min() == -180 and boxes[:, 2].max() == 180
    assert pole in (boxes[:, 1].min(), boxes[:, 3].max())
    inside = shapely.MultiPolygon([shapely.Polygon(ring) for ring in footprint.rings])
    for longitude in (-170, -50, 20, 100, 179):
        assert inside.covers(shapely.Point(longitude, pole * 89.5 / 90))
        assert not inside.covers(shapely.Point(longitude, pole * 75 / 90))


def test_what_is_not_on_earth_has_no_footprint():
    disk = '+proj=geos +h=35785831 +lon_0=0 +sweep=y'
    place = Georeference(disk, (5000.0, 0.0, -5.5e6, 0.0, -5000.0, 5.5e6))
    assert place.footprint((0, 0, 100, 100)) is None
    assert place.footprint((1000, 1000, 100, 100)) is not None


def test_an_outline_inside_stays_as_it_is():
    (ring,) = split_at_antimeridian(np.array([(1.0, 1.0), (1.0, 0.0), (2.0, 0.0), (2.0, 1.0)]))
    assert ring == ((1.0, 1.0), (1.0, 0.0), (2.0, 0.0), (2.0, 1.0), (1.0, 1.0))


def test_says_what_is_wrong():
    with pytest.raises(ValueError, match='coordinate reference system is unknown'):
        Georeference('EPSG:999999', UTM33.transform)
    with pytest.raises(ValueError, match='affine map is not one to one'):
        Georeference('EPSG:4326', (1.0, 1.0, 0.0, 1.0, 1.0, 0.0))
    with pytest.raises(ValueError, match='affine map is not one to one'):
        Georeference('EPSG:4326', (float('nan'), 0.0, 0.0, 0.0, 1.0, 0.0))


@pytest.mark.parametrize('transform', [UTM33.transform, ROTATED, SOUTH_UP])
def test_degrees_lead_back_to_pixels(transform):
    place = Georeference('EPSG:32633', transform)
    pixels = np.array([[(0.0, 0.0), (300.25, 17.5)], [(512.0, 999.0), (3.0, 4.0)]])
    np.testing.assert_allclose(
        place.from_wgs84(place.to_wgs84(place.to_crs(pixels))), pixels, atol=1e-5
    )


def test_control_points_lead_back_to_pixels():
    corners = [(0, 0), (400, 0), (0, 300), (400, 300), (200, 100)]
    points = tuple((u, v, 15 + u / 1e4 + v * v / 1e8, 50 - v / 1e4) for u, v in corners)
    place = Georeference('EPSG:4326', None, points)
    pixels = np.array([(10.0, 20.0), (333.0, 250.0)])
    found = place.from_wgs84(place.to_wgs84(place.to_crs(pixels)))
    np.testing.assert_allclose(found, pixels, atol=0.05)
