"""tools/localise.py as one would type it."""

import json
import shutil

import rasterio
from PIL import Image

from tests.search.planted import plant


def test_a_raster_a_sentence_and_three_files(tool, tiny, tmp_path):
    plant(tmp_path / 'map.tif', 120, 90, [('red', 60, 40)], side=30)
    with rasterio.open(tmp_path / 'map.tif') as file:
        x, y = file.xy(40, 60, offset='ul')
        bounds = rasterio.warp.transform_bounds(file.crs, 'EPSG:4326', x - 9, y - 9, x + 9, y + 9)
    west, south, east, north = bounds
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    truth = {'type': 'Polygon', 'coordinates': [ring]}
    (tmp_path / 'truth.geojson').write_text(json.dumps(truth))
    outs = ('--out', tmp_path / 'heat.tif', '--out', tmp_path / 'heat.png')
    model = ('--model', tiny.config, tiny.checkpoint)
    run = tool(
        'localise', tmp_path / 'map.tif', 'a lake', *model, *outs,
        *('--scales', 32, 64, '--truth', tmp_path / 'truth.geojson'),
    )  # fmt: skip
    assert run.code == 0, run.err
    lines = run.out.splitlines()
    assert 'windows, similarity' in lines[0] and 'longitude' in lines[0]
    assert [word for word in lines[1].split() if word[0] == 'R'] == ['Rsu', 'Ras', 'Rda', 'Rmi']
    with rasterio.open(tmp_path / 'heat.tif') as heat:
        assert heat.shape == (90, 120)
    assert Image.open(tmp_path / 'heat.png').width > 1500


def test_the_raster_is_never_written_over(tool, tiny, tmp_path):
    plant(tmp_path / 'map.tif', 60, 60, [])
    before = shutil.copy(tmp_path / 'map.tif', tmp_path / 'copy.tif')
    model = ('--model', tiny.config, tiny.checkpoint)
    run = tool('localise', tmp_path / 'map.tif', 'a lake', *model, '--out', tmp_path / 'map.tif')
    assert run.code == 2 and 'is the raster itself' in run.err
    assert (tmp_path / 'map.tif').read_bytes() == before.read_bytes()
    run = tool('localise', tmp_path / 'map.tif', 'a lake', *model, '--out', tmp_path / 'heat.bmp')
    assert run.code == 2 and 'must end in .tif' in run.err


def test_a_truth_that_does_not_fit_is_told_before_the_work(tool, tiny, tmp_path):
    plant(tmp_path / 'map.tif', 60, 60, [])
    (tmp_path / 'truth.json').write_text('{}')
    model = ('--model', tiny.config, tmp_path / 'absent.pth')
    run = tool(
        'localise', tmp_path / 'map.tif', 'a lake', *model, '--out', tmp_path / 'heat.tif',
        '--truth', tmp_path / 'truth.json',
    )  # fmt: skip
    assert run.code == 1 and 'truth.json has a None' in run.err
