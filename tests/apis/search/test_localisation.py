"""What is planted is hot at its place, and every pixel has the mean of its windows."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import rasterio
from PIL import Image

from pir_mm.apis.search import embed_images, embed_texts
from pir_mm.apis.search.localisation import evaluate_localisation, localise, read_truth
from pir_mm.apis.search.localisation_files import write_localisation
from tests.conftest import ROOT
from tests.search.planted import plant

OBJECTS = [('red', 620, 200), ('green', 150, 500), ('blue', 420, 330)]
ROTATED = rasterio.Affine(0.433, 0.25, 400_000, 0.25, -0.433, 5_500_000)
CONFTEST = str(ROOT / 'tests' / 'apis' / 'conftest.py')


def square_around(place_of, column, row, half):
    corners = [(-half, -half), (half, -half), (half, half), (-half, half), (-half, -half)]
    return [place_of(column + u, row + v) for u, v in corners]


@pytest.mark.parametrize('transform', [None, ROTATED])
def test_the_planted_place_is_hot_and_the_truth_is_met(colour_model, tmp_path, transform):
    raster = tmp_path / 'map.tif'
    plant(raster, 750, 610, OBJECTS, side=60, transform=transform)

    def degrees(column, row):
        with rasterio.open(raster) as file:
            x, y = file.xy(row, column, offset='ul')
            longitude, latitude = rasterio.warp.transform(file.crs, 'EPSG:4326', [x], [y])
        return [longitude[0], latitude[0]]

    for name, column, row in OBJECTS:
        found = localise(raster, name, colour_model, scales=(64, 128), batch_size=64)
        x, y = found.heat.hottest
        assert abs(x - column) < 48 and abs(y - row) < 48
        assert found.heat.pixels((column, row, 1, 1))[0, 0] > np.percentile(found.heat.pixels(), 98)
        truth = {'type': 'Polygon', 'coordinates': [square_around(degrees, column, row, 45)]}
        (tmp_path / 'truth.geojson').write_text(json.dumps(truth))
        regions = read_truth(tmp_path / 'truth.geojson', raster)
        right = evaluate_localisation(found, regions)
        other = localise(raster, 'red' if name == 'blue' else 'blue', colour_model, (64, 128))
        wrong = evaluate_localisation(other, regions)
        assert right.rsu > 0.6 > wrong.rsu and right.rmi > wrong.rmi + 0.2
        assert (right.rda, wrong.rda) == (1, 0)


def test_every_pixel_has_the_mean_of_its_windows(colour_model, tmp_path):
    plant(tmp_path / 'map.tif', 150, 110, [('red', 60, 40)], side=30)
    found = localise(tmp_path / 'map.tif', 'red', colour_model, scales=('40', '64px'), overlap=0.5)
    with rasterio.open(tmp_path / 'map.tif') as file:
        pixels = np.moveaxis(file.read(), 0, -1)
    wanted = embed_texts(colour_model, ['red'])[0]
    total, number = np.zeros((110, 150)), np.zeros((110, 150))
    for side in (40, 64):
        for row in [*range(0, 110 - side + 1, side // 2)] + [110 - side]:
            for column in [*range(0, 150 - side + 1, side // 2)] + [150 - side]:
                part = slice(row, row + side), slice(column, column + side)
                if number[0, 0] and (row, column) == (0, 0) and side == 40:
                    continue
                score = float(embed_images(colour_model, pixels[part])[0] @ wanted)
                total[part] += score
                number[part] += 1
    # a last window that begins where a regular one does is one window
    assert found.windows == len({*range(0, 71, 20), 70}) * len({*range(0, 111, 20), 110}) + len(
        {*range(0, 47, 32), 46}
    ) * len({*range(0, 87, 32), 86})
    np.testing.assert_allclose(found.heat.pixels(), total / number, atol=1e-5)


def test_the_raster_has_the_place_of_its_source_and_the_picture_is_drawn(colour_model, tmp_path):
    plant(tmp_path / 'map.tif', 300, 200, [('green', 60, 40)], transform=ROTATED)
    found = localise(tmp_path / 'map.tif', 'green', colour_model, scales=('40m', '20m'))
    assert found.heat.columns[1] == 20  # half of 20 m at half a metre
    for name in ('heat.tif', 'heat.png', 'heat.pdf'):
        write_localisation(tmp_path / name, found)
    with rasterio.open(tmp_path / 'map.tif') as file, rasterio.open(tmp_path / 'heat.tif') as heat:
        assert heat.crs == file.crs and heat.shape == file.shape
        assert tuple(heat.transform) == pytest.approx(tuple(file.transform))
        np.testing.assert_array_equal(heat.read(1), found.heat.pixels())
        assert heat.tags()['SENTENCE'] == 'green'
    assert Image.open(tmp_path / 'heat.png').width > 1500
    assert (tmp_path / 'heat.pdf').read_bytes().startswith(b'%PDF')


def write_raster(path, pixels, **options):
    count, height, width = pixels.shape
    shape = {'width': width, 'height': height, 'count': count, 'dtype': 'uint8'}
    place = {'crs': 'EPSG:32633', 'transform': rasterio.Affine(1, 0, 4e5, 0, -1, 5e6)}
    with rasterio.open(path, 'w', 'GTiff', **shape, **place, **options) as file:
        file.write(pixels)
    return path


def test_windows_without_data_are_left_out(colour_model, tmp_path):
    pixels = np.zeros((3, 128, 256), np.uint8)
    pixels[:, :, :128] = 100
    path = write_raster(tmp_path / 'map.tif', pixels, nodata=0)
    found = localise(path, 'red', colour_model, scales=[64], overlap=0)
    assert (found.windows, found.empty) == (4, 4)
    heat = found.heat.pixels()
    assert np.isnan(heat[:, 128:]).all() and np.isfinite(heat[:, :128]).all()


def test_pixels_without_data_have_no_value_in_a_window_that_has_some(colour_model, tmp_path):
    pixels = np.full((3, 128, 256), 100, np.uint8)
    pixels[:, :, 150:] = 0
    path = write_raster(tmp_path / 'map.tif', pixels, nodata=0)
    found = localise(path, 'red', colour_model, scales=[64], overlap=0)
    assert np.isfinite(found.heat.pixels()[:, :192]).all()
    drawn = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('pir_mm.visualization.heat_picture.draw_heat', drawn.append)
        patch.setattr('pir_mm.visualization.figure_file.save_picture', lambda figure, path: None)
        write_localisation(tmp_path / 'heat.png', found)
    write_localisation(tmp_path / 'heat.tif', found)
    with rasterio.open(tmp_path / 'heat.tif') as file:
        for values in (file.read(1), drawn[0].values):
            assert np.isnan(values[:, 150:]).all() and np.isfinite(values[:, :150]).all()


def test_a_picture_has_a_map_too_and_equal_windows_count_once(colour_model, tmp_path):
    pixels = np.full((60, 90, 3), 90, np.uint8)
    pixels[10:30, 50:70] = (0, 0, 255)
    Image.fromarray(pixels).save(tmp_path / 'photo.png')
    found = localise(tmp_path / 'photo.png', 'blue', colour_model, scales=[30, 100, 200])
    assert found.windows == 3 * 5 + 1
    x, y = found.heat.hottest
    assert 45 < x < 75 and 10 < y < 40
    assert 'hottest at column' in found.summary() and 'longitude' not in found.summary()


def test_says_what_does_not_fit(colour_model, tmp_path):
    Image.fromarray(np.full((60, 90, 3), 90, np.uint8)).save(tmp_path / 'photo.png')
    photo = tmp_path / 'photo.png'
    for arguments, message in [
        ({'scales': [256, 512]}, '90 x 60 pixels, which one window covers: give smaller'),
        ({'scales': []}, 'one scale at least'),
        ({'scales': ['40m']}, 'has no place on Earth'),
        ({'scales': ['wide']}, 'side of a window must be pixels'),
        ({'overlap': 1.0}, 'overlap must be a share'),
        ({'batch_size': 0}, 'batch_size'),
    ]:
        with pytest.raises(ValueError, match=message):
            localise(photo, 'red', colour_model, **arguments)
    (tmp_path / 'text.tif').write_text('no raster')
    with pytest.raises(ValueError, match='text.tif: '):
        localise(tmp_path / 'text.tif', 'red', colour_model)
    found = localise(photo, 'red', colour_model, scales=[30])
    with pytest.raises(ValueError, match='must end in .tif'):
        write_localisation(tmp_path / 'heat.jpg', found)
    with pytest.raises(ValueError, match='is the raster itself'):
        write_localisation(photo, found)
    assert Image.open(photo).size == (90, 60)


MEASURED = """
import resource, runpy, sys
from pathlib import Path
ColourModel = runpy.run_path(sys.argv[2])['ColourModel']
from pir_mm.apis.search import localise, write_localisation
folder = Path(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = localise(folder / 'map.tif', 'red', ColourModel())
write_localisation(folder / 'heat.tif', found)
write_localisation(folder / 'heat.png', found)
print(*found.heat.hottest, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
def test_a_large_raster_has_its_map_in_little_memory(tmp_path):
    """1.2 GB of pixels in, 1.6 GB out."""
    objects = [('red', 15_000, 5_000)]
    plant(tmp_path / 'map.tif', 20_000, 20_000, objects, side=100, compress='deflate', ZLEVEL=1)
    command = [sys.executable, '-c', MEASURED, str(tmp_path), CONFTEST]
    environment = os.environ | {'PYTHONPATH': str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=590)
    assert done.returncode == 0, done.stderr[-2000:]
    column, row, kib = map(float, done.stdout.split()[-3:])
    assert abs(column - 15_000) < 192 and abs(row - 5_000) < 192
    assert kib < 900_000
    with rasterio.open(tmp_path / 'heat.tif') as heat:
        assert heat.shape == (20_000, 20_000) and len(heat.overviews(1)) >= 5
