"""A Cloud Optimised GeoTIFF has the values, the place and overviews, and appears whole."""

import numpy as np
import pytest
import rasterio
from rasterio.control import GroundControlPoint

from pir_mm.files.cog import write_cog

UTM = {'crs': 'EPSG:32633', 'transform': (0.5, 0.1, 4e5, 0.1, -0.5, 5.5e6)}


def values_of(width, height):
    rows, columns = np.mgrid[:height, :width]
    whole = np.where(columns % 7 == 3, np.nan, columns / 8 + rows / 32)
    return whole.astype(np.float32)


def write(path, width=1300, height=700, **options):
    whole = values_of(width, height)

    def values(window):
        column, row, w, h = window
        assert w <= 512 and h <= 512
        return whole[row : row + h, column : column + w]

    write_cog(path, (width, height), values, 'heat', {'SENTENCE': 'a lake'}, **options)
    return whole


@pytest.mark.parametrize(('width', 'height'), [(1, 1), (512, 512), (1300, 700)])
def test_values_come_back(tmp_path, width, height):
    whole = write(tmp_path / 'new' / 'heat.tif', width, height, **UTM)
    with rasterio.open(tmp_path / 'new' / 'heat.tif') as file:
        np.testing.assert_array_equal(file.read(1), whole)
        assert np.isnan(file.nodata) and file.dtypes == ('float32',)
        assert file.descriptions == ('heat',) and file.tags()['SENTENCE'] == 'a lake'


def test_it_is_cloud_optimised_and_has_the_place(tmp_path):
    whole = write(tmp_path / 'heat.tif', **UTM)
    with rasterio.open(tmp_path / 'heat.tif') as file:
        assert file.tags(ns='IMAGE_STRUCTURE')['LAYOUT'] == 'COG'
        assert file.crs == rasterio.CRS.from_epsg(32633)
        assert tuple(file.transform)[:6] == pytest.approx(UTM['transform'])
        assert file.overviews(1)[:1] == [2]
        small = file.read(1, out_shape=(350, 650))
    four = whole.reshape(350, 2, 650, 2)
    np.testing.assert_allclose(small, np.nanmean(four, axis=(1, 3)), rtol=1e-5)
    assert [path.name for path in tmp_path.iterdir()] == ['heat.tif']


def test_control_points_are_kept(tmp_path):
    points = [(0, 0, 15.0, 50.0), (1300, 0, 15.1, 50.0), (0, 700, 15.0, 49.9)]
    write(tmp_path / 'heat.tif', crs='EPSG:4326', control_points=points)
    with rasterio.open(tmp_path / 'heat.tif') as file:
        found, crs = file.gcps
    assert crs == rasterio.CRS.from_epsg(4326)
    assert all(isinstance(point, GroundControlPoint) for point in found)
    assert [(p.col, p.row, p.x, p.y) for p in found] == points


@pytest.mark.filterwarnings('ignore::rasterio.errors.NotGeoreferencedWarning')
def test_without_a_place_there_is_none(tmp_path):
    write(tmp_path / 'heat.tif')
    with rasterio.open(tmp_path / 'heat.tif') as file:
        assert file.crs is None and file.transform.is_identity


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / 'heat.tif'
    path.write_bytes(b'old')

    def fail(window):
        raise ValueError('no value')

    with pytest.raises(ValueError, match='no value'):
        write_cog(path, (600, 600), fail, 'heat', {})
    assert path.read_bytes() == b'old'
    assert list(tmp_path.iterdir()) == [path]
