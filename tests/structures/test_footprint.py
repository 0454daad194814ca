"""A footprint is checked when it is made, and is the same after each way of writing it."""

import pytest
import shapely

from pir_mm.structures.footprint import Footprint

SQUARE = ((0.0, 0.0), (2.0, 0.0), (2.0, 1.0), (0.0, 1.0), (0.0, 0.0))
EAST = ((179.0, 5.0), (180.0, 5.0), (180.0, 6.0), (179.0, 5.0))
WEST = ((-180.0, 5.0), (-179.0, 6.0), (-180.0, 6.0), (-180.0, 5.0))


@pytest.mark.parametrize('rings', [(SQUARE,), (EAST, WEST)])
def test_shapely_reads_what_is_written(rings):
    footprint = Footprint(rings)
    there = shapely.from_wkb(footprint.to_wkb())
    assert there.geom_type == 'MultiPolygon'
    assert tuple(tuple(part.exterior.coords) for part in there.geoms) == rings
    assert Footprint.from_wkb(footprint.to_wkb()) == footprint
    assert shapely.geometry.shape(footprint.geometry).area == pytest.approx(there.area)


def test_boxes_are_one_for_each_polygon():
    assert Footprint((EAST, WEST)).boxes == [(179, 5, 180, 6), (-180, 5, -179, 6)]


def test_geojson_is_a_polygon_or_several():
    assert Footprint((SQUARE,)).geometry == {
        'type': 'Polygon',
        'coordinates': [[list(point) for point in SQUARE]],
    }
    assert Footprint((EAST, WEST)).geometry['type'] == 'MultiPolygon'


def test_says_what_is_wrong():
    with pytest.raises(ValueError, match='at least one ring'):
        Footprint(())
    with pytest.raises(ValueError, match='four points, the first again at the end'):
        Footprint((SQUARE[:-1],))
    with pytest.raises(ValueError, match=r'\(181\.0, 0\.0\) is not on Earth'):
        Footprint((((181.0, 0.0), *SQUARE[1:-1], (181.0, 0.0)),))
    with pytest.raises(ValueError, match='a footprint is a MultiPolygon, got 0103000000'):
        Footprint.from_wkb(shapely.to_wkb(shapely.box(0, 0, 1, 1)))
    with pytest.raises(ValueError, match='9 bytes are not a footprint'):
        Footprint.from_wkb(Footprint((SQUARE,)).to_wkb()[:9])
