"""Tiles of whatever lies in an archive, read by windows, with their places."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import rasterio
import shapely
from PIL import Image
from rasterio.warp import transform

from pir_mm.files.pictures import read_picture
from pir_mm.search import SourceError, Tile, TileSource, Tiling, tile_source
from tests.conftest import ROOT
from tests.search.planted import plant

GENERATOR = np.random.default_rng(0)
RGB = GENERATOR.integers(1, 256, (300, 500, 3), dtype=np.uint8)
PLACE = {'crs': 'EPSG:32633', 'transform': rasterio.Affine(10, 0, 5e5, 0, -10, 5.5e6)}


def write(path, pixels, **options):
    """Write ``(H, W)`` or ``(H, W, bands)``."""
    bands = np.moveaxis(np.atleast_3d(pixels), -1, 0)
    count, height, width = bands.shape
    size = {'count': count, 'height': height, 'width': width, 'dtype': bands.dtype}
    with rasterio.open(path, 'w', driver='GTiff', **size, **options) as raster:
        raster.write(bands)
    return str(path)


def cut(pixels, tile):
    column, row, width, height = tile.window
    return pixels[row : row + height, column : column + width]


def test_a_raster_is_cut_and_each_tile_knows_its_place(tmp_path):
    source = TileSource(Tiling(200, 50))
    tiles = list(source.tiles(write(tmp_path / 'a.tif', RGB, **PLACE)))
    assert [tile.window[:2] for tile in tiles] == [
        *((0, 0), (150, 0), (300, 0)),
        *((0, 100), (150, 100), (300, 100)),
    ]
    assert tiles[4].crs == 'EPSG:32633'
    assert tiles[4].transform == (10, 0, 501_500, 0, -10, 5_499_000)
    middle = shapely.Polygon(tiles[4].footprint.rings[0]).centroid
    (x,), (y,) = transform('EPSG:32633', 'EPSG:4326', [502_500], [5_498_000])
    assert (middle.x, middle.y) == pytest.approx((x, y), abs=1e-6)
    assert not tiles[4].is_whole
    for tile in tiles:
        np.testing.assert_array_equal(source.read(tile), cut(RGB, tile))


@pytest.mark.parametrize('name', ['a.png', 'a.bmp', 'a.tif'])
def test_a_picture_is_whole_or_cut_and_has_no_place(tmp_path, name):
    Image.fromarray(RGB).save(tmp_path / name)
    (whole,) = TileSource().tiles(tmp_path / name)
    assert whole == Tile(str(tmp_path / name), (0, 0, 500, 300))
    np.testing.assert_array_equal(TileSource().read(whole), RGB)
    source = TileSource(Tiling(256))
    tiles = list(source.tiles(tmp_path / name))
    assert len(tiles) == 4 and all(tile.crs is tile.footprint is None for tile in tiles)
    for tile in tiles:
        np.testing.assert_array_equal(source.read(tile), cut(RGB, tile))


@pytest.mark.parametrize('orientation', [1, 3, 6, 8])
def test_a_turned_photo_is_cut_as_it_is_shown(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(RGB).save(tmp_path / 'a.jpg', exif=exif)
    shown = read_picture(tmp_path / 'a.jpg')[..., ::-1]
    source = TileSource(Tiling(200))
    for tile in source.tiles(tmp_path / 'a.jpg'):
        np.testing.assert_array_equal(source.read(tile), cut(shown, tile))
    (whole,) = TileSource().tiles(tmp_path / 'a.jpg')
    assert whole.window[2:] == shown.shape[1::-1]


def test_pixels_are_those_of_the_decoder_that_training_uses(tmp_path):
    deep = (RGB.astype('uint16') * 40)[:200, :250]
    path = write(tmp_path / 'a.tif', deep, **PLACE)
    (tile,) = TileSource().tiles(path)
    np.testing.assert_array_equal(TileSource().read(tile), read_picture(path)[..., ::-1])


def test_one_stretch_for_all_tiles_of_a_source_and_it_stays_with_the_tile(tmp_path):
    deep = np.full((256, 512), 1000, 'uint16')
    deep[:, 256:] = 5000
    path = write(tmp_path / 'a.tif', deep, **PLACE)
    dark, bright = TileSource().tiles(path)
    other = TileSource(profile='sentinel2-l2a')  # what was chosen once does not change
    assert other.read(dark) is None and other.read(bright).min() == 255
    assert (dark.look.low, dark.look.high) == (1000, 5000)


def test_metres_need_a_place(tmp_path):
    source = TileSource(Tiling('1000m'))
    placed = list(source.tiles(write(tmp_path / 'a.tif', RGB, **PLACE)))
    assert {tile.window[2:] for tile in placed} == {(100, 100)}
    assert {t.window[2:] for t in source.tiles(write(tmp_path / 'b.tif', RGB))} == {(256, 256)}


def test_tiles_without_data_have_no_pixels(tmp_path):
    pixels = RGB.copy()
    pixels[:, :256] = 0
    source = TileSource()
    for options in ({'nodata': 0}, {}):  # a border of zeros is rarely declared
        path = write(tmp_path / 'a.tif', pixels[:256], **PLACE, **options)
        assert [source.read(tile) is None for tile in source.tiles(path)] == [True, False]
    masked = write(tmp_path / 'b.tif', RGB[:256], **PLACE)
    with rasterio.open(masked, 'r+') as raster, rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        raster.write_mask(np.arange(500) >= np.full((256, 1), 256))
    assert [source.read(tile) is None for tile in source.tiles(masked)] == [True, False]


def test_a_large_tile_is_read_small(tmp_path):
    (tile,) = TileSource(Tiling(500)).tiles(write(tmp_path / 'a.tif', RGB, **PLACE))
    small = TileSource().read(tile, side=50)
    assert small.shape == (30, 50, 3)
    mean = RGB.reshape(30, 10, 50, 10, 3).mean(axis=(1, 3))
    assert np.abs(small - mean).max() <= 1
    assert TileSource().read(tile, side=5000).shape == (300, 500, 3)


@pytest.mark.parametrize('kind', ['float32', 'int16', 'uint16'])
def test_twelve_bands_of_any_kind_become_three_colours(tmp_path, kind):
    deep = GENERATOR.integers(1, 9000, (256, 256, 12)).astype(kind)
    (tile,) = TileSource().tiles(write(tmp_path / 'a.tif', deep, **PLACE))
    pixels = TileSource().read(tile)
    assert pixels.shape == (256, 256, 3) and pixels.min() == 0 and pixels.max() == 255


def test_a_raster_without_a_crs_or_a_map_has_pixels_only(tmp_path):
    for name, place in (('a', {'crs': 'EPSG:32633'}), ('b', {'transform': PLACE['transform']})):
        path = write(tmp_path / f'{name}.tif', RGB, **place)
        tiles = list(TileSource(Tiling(256)).tiles(path))
        assert len(tiles) == 4 and all(t.crs is t.transform is t.footprint is None for t in tiles)


def test_control_points_place_a_raster(tmp_path):
    from rasterio.control import GroundControlPoint as Point

    corners = ((0, 0), (300, 0), (0, 500), (300, 500))
    points = [Point(r, c, 5e5 + 10 * c, 5.5e6 - 10 * r) for r, c in corners]
    path = write(tmp_path / 'a.tif', RGB, gcps=points, crs='EPSG:32633')
    direct = write(tmp_path / 'b.tif', RGB, **PLACE)
    for tile, wanted in zip(TileSource().tiles(path), TileSource().tiles(direct), strict=True):
        assert tile.crs == wanted.crs and tile.window == wanted.window
        assert tile.transform == pytest.approx(wanted.transform, abs=1e-3)
        np.testing.assert_allclose(tile.footprint.boxes, wanted.footprint.boxes, atol=1e-7)


def test_rational_polynomials_are_refused_with_what_to_do(tmp_path):
    from rasterio.rpc import RPC

    coefficients = [1.0] + [0.0] * 19
    rpcs = RPC(
        *(0.0, 1.0, 49.0, 1.0, coefficients, coefficients, 0.0, 1.0),
        *(15.0, 1.0, coefficients, coefficients, 0.0, 1.0),
    )
    path = write(tmp_path / 'a.tif', RGB, rpcs=rpcs)
    with pytest.raises(SourceError, match='placed by RPCs: .* orthorectify it first'):
        TileSource().source(path)


def test_a_path_may_have_spaces_and_any_letters(tmp_path):
    folder = tmp_path / 'мои снимки ü'
    folder.mkdir()
    path = write(folder / 'an area #1 (a%20b).tif', RGB, **PLACE)
    tiles = list(TileSource().tiles(path))
    np.testing.assert_array_equal(TileSource().read(tiles[0]), cut(RGB, tiles[0]))


def test_a_file_that_cannot_be_used_has_a_kind_of_reason(tmp_path):
    source = TileSource()
    for name, content in (
        ('a.tif', b'II*\0\x08\0\0\0'),
        ('b.jp2', b'\xff\x4f\xff\x51' + b'\0' * 99),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SourceError, match='^cannot be read: '):
            source.source(tmp_path / name)
    with pytest.raises(FileNotFoundError, match='the picture .*gone.tif does not exist'):
        source.source(tmp_path / 'gone.tif')
    (tmp_path / 'c.png').write_text('<html>')
    with pytest.raises(ValueError, match='^not a picture: unknown content'):
        source.source(tmp_path / 'c.png')
    with pytest.raises(SourceError, match='^cannot be decoded: its samples are complex'):
        source.source(write(tmp_path / 'd.tif', RGB.astype('complex64')[:, :, 0], **PLACE))
    with pytest.raises(ValueError, match='profile must be one of'):
        TileSource(profile='pan')


def test_a_raster_that_is_cut_short_fails_where_it_is_broken(tmp_path):
    path = write(tmp_path / 'a.tif', RGB, tiled=True, blockxsize=256, blockysize=256, **PLACE)
    os.truncate(path, os.path.getsize(path) - 1000)
    first, *_, last = TileSource().tiles(path)
    np.testing.assert_array_equal(TileSource().read(first), cut(RGB, first))
    with pytest.raises(SourceError, match='^cannot be decoded: .*a.tif'):
        TileSource().read(last)


def test_a_raster_in_one_block_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(tile_source, 'MAX_BLOCK_BYTES', 100_000)
    path = write(tmp_path / 'a.tif', RGB, compress='deflate', blockysize=300, **PLACE)
    with pytest.raises(SourceError, match='blocks too large: 450000 bytes .* in tiles'):
        TileSource().source(path)
    TileSource().source(write(tmp_path / 'b.tif', RGB, compress='deflate', blockysize=16, **PLACE))


def test_a_header_that_lies_about_its_size_is_refused(tmp_path):
    size = {'width': 2_000_000, 'height': 2_000_000, 'count': 1, 'dtype': 'uint8'}
    sparse = {'SPARSE_OK': True, 'tiled': True, 'blockxsize': 16384, 'blockysize': 16384}
    with rasterio.open(tmp_path / 'a.tif', 'w', 'GTiff', BIGTIFF='YES', **size, **sparse):
        pass
    with pytest.raises(ValueError, match='too many tiles: 2000000 x 2000000'):
        TileSource().source(tmp_path / 'a.tif')
    with pytest.raises(
        SourceError, match='speaks of 2000000 x 2000000, which .* bytes cannot hold'
    ):
        TileSource(Tiling(8192)).source(tmp_path / 'a.tif')
    Image.new('L', (200, 200)).save(tmp_path / 'b.png')
    with pytest.raises(ValueError, match='too many pixels: 200 x 200 is above 39999'):
        TileSource(max_pixels=39_999).source(tmp_path / 'b.png')


def test_a_file_that_changes_is_read_anew(tmp_path):
    source = TileSource(Tiling(256))
    path = tmp_path / 'a.png'
    for value in (10, 200):
        Image.new('RGB', (600, 300), (value,) * 3).save(path)
        os.utime(path, (value, value))
        assert {source.read(tile).max() for tile in source.tiles(path)} == {value}
    tile = next(source.tiles(path))
    Image.new('RGB', (100, 100)).save(path)
    with pytest.raises(SourceError, match=r'has no window \(0, 0, 256, 256\): index it anew'):
        source.read(tile)


def test_threads_share_it(tmp_path):
    source = TileSource(Tiling(50))
    paths = [write(tmp_path / f'{n}.tif', RGB, **PLACE) for n in range(12)]
    for number in range(3):
        Image.fromarray(RGB).save(tmp_path / f'{number}.png')
        paths.append(str(tmp_path / f'{number}.png'))
    tiles = [tile for path in paths for tile in source.tiles(path)]
    GENERATOR.shuffle(tiles)
    wrong = []

    def read(some):
        wrong.extend(t for t in some if not np.array_equal(source.read(t), cut(RGB, t)))

    threads = [threading.Thread(target=read, args=(tiles[n::4],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


MEASURED = """
import resource, sys
from pir_mm.search import TileSource
source, before = TileSource(), None
for number, tile in enumerate(source.tiles(sys.argv[1])):
    source.read(tile)
    if number == 20:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(number, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
def test_a_raster_is_never_whole_in_memory(tmp_path):
    """900 MB of pixels are read within the cache of blocks."""
    plant(tmp_path / 'a.tif', 20_000, 15_000, [], compress='deflate', ZLEVEL=1)
    command = [sys.executable, '-c', MEASURED, str(tmp_path / 'a.tif')]
    environment = os.environ | {'PYTHONPATH': str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280)
    number, kib = map(int, done.stdout.split())
    assert number == 79 * 59 - 1
    assert kib < 400_000
