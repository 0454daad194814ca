"""Objects at known places of a raster come back at these places."""

import json
import os
import subprocess
import sys

import pyogrio
import pytest
import rasterio
import shapely

from pir_mm.apis.search import index_pictures, open_index, search_index, write_results
from pir_mm.search import Tiling
from tests.conftest import ROOT
from tests.search.planted import plant

OBJECTS = [('red', 1130, 400), ('green', 300, 1100), ('blue', 905, 655)]
NORTH_UP = rasterio.Affine(0.5, 0, 400_000, 0, -0.5, 5_500_000)
SOUTH_UP = rasterio.Affine(0.5, 0, 400_000, 0, 0.5, 5_499_000)
ROTATED = rasterio.Affine(0.433, 0.25, 400_000, 0.25, -0.433, 5_500_000)


CONFTEST = str(ROOT / 'tests' / 'apis' / 'conftest.py')


def features_of(path):
    return json.loads(path.read_text())['features']


@pytest.mark.parametrize('transform', [NORTH_UP, SOUTH_UP, ROTATED])
@pytest.mark.parametrize('tiling', [Tiling(), Tiling('80m', '20m')], ids=['auto', 'metres'])
def test_the_best_tile_covers_the_planted_place(colour_model, tmp_path, transform, tiling):
    places = plant(tmp_path / 'map.tif', 1500, 1300, OBJECTS, side=60, transform=transform)
    index_pictures([tmp_path / 'map.tif'], colour_model, tmp_path / 'index', tiling=tiling)
    index = open_index(tmp_path / 'index')
    for (name, column, row), place in zip(OBJECTS, places, strict=True):
        ranking = search_index(index, colour_model, name, top_k=1)
        write_results(tmp_path / 'hits.geojson', index, [name], ranking)
        (hit,) = features_of(tmp_path / 'hits.geojson')
        assert shapely.geometry.shape(hit['geometry']).covers(shapely.Point(place))
        left, top, width, height = hit['properties']['window']
        assert left <= column < left + width and top <= row < top + height
    layer = pyogrio.raw.read(tmp_path / 'index' / 'footprints.gpkg', layer='tiles')
    shapes = shapely.from_wkb(layer[2])
    assert len(shapes) == len(index)
    assert sum(shape.covers(shapely.Point(places[0])) for shape in shapes) >= 1


MEASURED = """
import resource, runpy, sys
from pathlib import Path
ColourModel = runpy.run_path(sys.argv[3])['ColourModel']
from pir_mm.apis.search import index_pictures, open_index, search_index
folder = Path(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
card = index_pictures([folder / 'map.tif'], ColourModel(), folder / 'index')
used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
index = open_index(folder / 'index')
for name in sys.argv[2].split():
    (tile,) = index.tiles(search_index(index, ColourModel(), name, top_k=1).ids[0])
    print(name, *tile.window)
print(card.indexed, used)
"""


@pytest.mark.slow
def test_a_large_raster_is_indexed_in_little_memory(tmp_path):
    """1.2 GB of pixels."""
    objects = [('red', 19_990, 40), ('green', 10_000, 10_000), ('blue', 30, 19_950)]
    plant(tmp_path / 'map.tif', 20_000, 20_000, objects, side=60, compress='deflate', ZLEVEL=1)
    names = ' '.join(name for name, *_ in objects)
    command = [sys.executable, '-c', MEASURED, str(tmp_path), names, CONFTEST]
    environment = os.environ | {'PYTHONPATH': str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=550)
    assert done.returncode == 0, done.stderr[-2000:]
    *found, (number, kib) = (line.split() for line in done.stdout.splitlines())
    assert int(number) == 79 * 79 and int(kib) < 600_000
    for (name, column, row), (found_name, left, top, width, height) in zip(
        objects, found, strict=True
    ):
        assert name == found_name
        assert int(left) <= column < int(left) + int(width)
        assert int(top) <= row < int(top) + int(height)
