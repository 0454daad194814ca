"""Rasters of every kind that instruments write."""

import os
import subprocess
import sys

import numpy as np
import pytest
import rasterio
from PIL import Image

from pir_mm.files.pictures import picture_size, pixels_of, read_picture
from pir_mm.files.raster_kinds import TIFF, window_driver
from pir_mm.files.rasters import Raster, shrunk_size, stretched

GENERATOR = np.random.default_rng(0)
SMOOTH = np.stack([np.linspace(a, b, 48 * 40).reshape(48, 40) for a, b in ((0, 9), (9, 0), (3, 5))])


def write(path, pixels, driver='GTiff', **options):
    """Write ``(bands, H, W)``."""
    bands, height, width = pixels.shape
    size = {'count': bands, 'height': height, 'width': width, 'dtype': pixels.dtype}
    with rasterio.open(path, 'w', driver=driver, **size, **options) as raster:
        raster.write(pixels)
    return path


def expected(bands, valid=None):
    """The rule, written down once more: percentiles over all valid samples."""
    samples = bands[np.isfinite(bands)] if valid is None else bands[valid]
    low, high = np.percentile(samples, (2, 98))
    scaled = np.clip((bands.astype(float) - low) / (high - low) * 255, 0, 255)
    return np.moveaxis(scaled, 0, -1)[..., ::-1]


def agrees(picture, wanted, within=1):
    assert picture.dtype == np.uint8
    assert np.abs(picture.astype(float) - wanted).max() <= within


@pytest.mark.parametrize(
    'options',
    [
        {'interleave': 'pixel'},
        {'interleave': 'band'},
        {'tiled': True, 'blockxsize': 16, 'blockysize': 16, 'compress': 'deflate'},
        {'BIGTIFF': 'YES'},
        {'ENDIANNESS': 'BIG'},
    ],
    ids=str,
)
@pytest.mark.parametrize('kind', ['uint16', 'int16', 'uint32', 'float32', 'float64'])
def test_every_depth_and_layout(tmp_path, options, kind):
    deep = (SMOOTH * 700 - (400 if kind[0] != 'u' else 0)).astype(kind)
    path = write(tmp_path / 'a.tif', deep, photometric='RGB', **options)
    agrees(read_picture(path), expected(deep))
    assert picture_size(path) == (40, 48)


@pytest.mark.parametrize('bands', [1, 2, 3, 4, 5, 13])
@pytest.mark.parametrize('kind', ['uint8', 'uint16'])
def test_many_bands_and_no_named_colours(tmp_path, bands, kind):
    deep = GENERATOR.integers(0, 200, (bands, 48, 40)).astype(kind)
    picture = read_picture(write(tmp_path / 'a.tif', deep, photometric='MINISBLACK'))
    shown = deep[:3] if bands >= 3 else deep[[0, 0, 0]]
    if kind == 'uint8':
        np.testing.assert_array_equal(picture, np.moveaxis(shown, 0, -1)[..., ::-1])
    else:
        agrees(picture, expected(shown))


def test_bands_that_are_named_are_found(tmp_path):
    from rasterio.enums import ColorInterp as Band

    deep = GENERATOR.integers(0, 9999, (4, 48, 40)).astype('uint16')
    path = write(tmp_path / 'a.tif', deep)
    with rasterio.open(path, 'r+') as raster:
        raster.colorinterp = [Band.undefined, Band.blue, Band.green, Band.red]
    agrees(read_picture(path), expected(deep[[3, 2, 1]]))


def test_twelve_bits_are_stretched(tmp_path):
    deep = (SMOOTH * 400).astype('uint16')
    path = write(tmp_path / 'a.tif', deep, nbits=12, photometric='RGB')
    agrees(read_picture(path), expected(deep))


def test_what_is_no_data_takes_no_part(tmp_path):
    deep = (SMOOTH * 700 + 100).astype('float32')
    deep[:, :5] = -9999
    deep[0, 7, 7] = np.nan
    path = write(tmp_path / 'a.tif', deep, nodata=-9999)
    valid = np.isfinite(deep) & (deep != -9999)
    picture = read_picture(path)
    assert not picture[:5].any() and picture[7, 7, 2] == 0
    agrees(picture, np.where(np.moveaxis(valid, 0, -1)[..., ::-1], expected(deep, valid), 0))


def test_a_palette_is_looked_up(tmp_path):
    colours = {0: (10, 20, 30, 255), 1: (40, 50, 60, 255), 2: (70, 80, 90, 255)}
    index = GENERATOR.integers(0, 3, (1, 48, 40)).astype('uint8')
    path = tmp_path / 'a.tif'
    size = {'count': 1, 'height': 48, 'width': 40, 'dtype': 'uint8'}
    with rasterio.open(path, 'w', driver='GTiff', photometric='palette', **size) as raster:
        raster.write(index)
        raster.write_colormap(1, colours)
    wanted = np.array([colours[n][:3] for n in range(3)], np.uint8)[index[0]]
    np.testing.assert_array_equal(read_picture(path), wanted[..., ::-1])


@pytest.mark.parametrize('kind', ['uint8', 'uint16'])
def test_white_may_be_zero(tmp_path, kind):
    top = np.iinfo(kind).max
    deep = (SMOOTH[:1] / 9 * top).astype(kind)
    plain = read_picture(write(tmp_path / 'a.tif', deep, photometric='MINISBLACK'))
    inverted = read_picture(write(tmp_path / 'b.tif', deep, photometric='MINISWHITE'))
    assert np.abs(inverted.astype(int) - (255 - plain.astype(int))).max() <= 1


@pytest.mark.parametrize('kind', ['uint8', 'uint16'])
@pytest.mark.parametrize('bands', [1, 3])
def test_jpeg_2000(tmp_path, kind, bands):
    deep = (SMOOTH[:bands] * (25 if kind == 'uint8' else 900)).astype(kind)
    path = write(tmp_path / 'a.jp2', deep, 'JP2OpenJPEG', quality='100', reversible='YES')
    shown = deep[[0, 1, 2] if bands == 3 else [0, 0, 0]]
    if kind == 'uint8':
        np.testing.assert_array_equal(read_picture(path), np.moveaxis(shown, 0, -1)[..., ::-1])
    else:
        agrees(read_picture(path), expected(shown), within=2)
    assert picture_size(path) == (40, 48)


@pytest.mark.parametrize('orientation', range(1, 9))
@pytest.mark.parametrize('suffix', ['.png', '.tif'])
def test_deep_pictures_obey_the_orientation_mark(tmp_path, suffix, orientation):
    deep = GENERATOR.integers(0, 60000, (24, 40)).astype('uint16')
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(deep).save(tmp_path / f'a{suffix}', exif=exif)
    Image.fromarray(stretched(deep)).save(tmp_path / 'eight.png', exif=exif)
    np.testing.assert_array_equal(
        read_picture(tmp_path / f'a{suffix}'), read_picture(tmp_path / 'eight.png')
    )


def test_is_refused_by_its_header_when_too_large(tmp_path, monkeypatch):
    path = write(tmp_path / 'a.tif', SMOOTH.astype('uint16'))
    monkeypatch.setattr('pir_mm.files.pictures.read_raster', lambda *_: pytest.fail('decoded'))
    with pytest.raises(ValueError, match='a.tif has 40 x 48 pixels, more than the 1919'):
        read_picture(path, max_pixels=1919)
    with pytest.raises(ValueError, match='too many pixels: 40 x 48 is above 1919'):
        picture_size(path, max_pixels=1919)


def test_is_refused_when_it_is_cut_short_or_complex(tmp_path):
    path = write(tmp_path / 'a.tif', GENERATOR.integers(0, 9999, (3, 64, 64)).astype('uint16'))
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(ValueError, match='a.tif cannot be decoded, replace or remove it: '):
        read_picture(path)
    path = write(tmp_path / 'b.tif', SMOOTH.astype('complex64'))
    with pytest.raises(ValueError, match='b.tif cannot be decoded.* complex numbers'):
        read_picture(path)


def test_no_other_file_is_opened(tmp_path):
    """A virtual raster that calls itself a TIFF, and a mask beside a real one."""
    write(tmp_path / 'secret.tif', SMOOTH.astype('uint16'))
    source = '<SourceFilename relativeToVRT="1">secret.tif</SourceFilename>'
    band = f'<VRTRasterBand dataType="UInt16" band="1"><SimpleSource>{source}</SimpleSource>'
    text = f'<VRTDataset rasterXSize="40" rasterYSize="48">{band}</VRTRasterBand></VRTDataset>'
    (tmp_path / 'a.tif').write_text(text)
    with pytest.raises(ValueError, match='a.tif cannot be decoded'):
        read_picture(tmp_path / 'a.tif')
    with pytest.raises(ValueError, match='not a picture'):
        picture_size(tmp_path / 'a.tif')


def test_ordinary_pictures_do_not_load_gdal(tmp_path):
    Image.new('RGB', (9, 9)).save(tmp_path / 'a.tif')
    code = (
        'import sys\nfrom pir_mm.files.pictures import read_picture\n'
        f'read_picture({str(tmp_path / "a.tif")!r})\nassert "rasterio" not in sys.modules'
    )
    subprocess.run([sys.executable, '-c', code], check=True)


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='this system has no named pipes')
def test_a_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / 'x.jpg')
    with pytest.raises(ValueError, match='not a picture: it is no regular file'):
        picture_size(tmp_path / 'x.jpg')
    with pytest.raises(ValueError, match='x.jpg cannot be decoded, .* no regular file'):
        read_picture(tmp_path / 'x.jpg')


GREY = GENERATOR.integers(0, 256, (6, 5), dtype=np.uint8)
RGB = GENERATOR.integers(0, 256, (6, 5, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ('given', 'rgb'),
    [
        (RGB, RGB),
        (Image.fromarray(RGB), RGB),
        (GREY, np.dstack([GREY] * 3)),
        (GREY[..., None], np.dstack([GREY] * 3)),
        (Image.fromarray(GREY), np.dstack([GREY] * 3)),
        (np.dstack([RGB, GREY]), RGB),
        (Image.fromarray(np.dstack([RGB, GREY])), RGB),
        ((RGB / 255).astype('float32'), RGB),
        (RGB / 255.0, RGB),
        (GREY > 99, np.dstack([(GREY > 99) * np.uint8(255)] * 3)),
        (RGB.astype('uint16') * 200, stretched(RGB.astype('uint16') * 200)),
        (RGB - 100.5, stretched(RGB - 100.5)),
        (Image.fromarray(GREY.astype('int32') * 9), np.dstack([stretched(GREY * 9.0)] * 3)),
        (Image.fromarray(GREY).convert('P'), np.dstack([GREY] * 3)),
    ],
)
def test_pictures_in_memory(given, rgb):
    picture = pixels_of(given)
    np.testing.assert_array_equal(picture, rgb[..., ::-1])
    picture += 1


@pytest.mark.parametrize(
    ('given', 'reason'),
    [
        (np.zeros((3, 6, 7)), r'\(H, W, 4\) RGBA, got shape \(3, 6, 7\)'),
        (np.zeros((0, 4, 3)), r'got shape \(0, 4, 3\)'),
        (np.zeros(4), r'got shape \(4,\)'),
        (np.array([['a']]), 'must hold numbers, got <U1'),
        (np.zeros((2, 2), complex), 'must hold numbers, got complex128'),
    ],
)
def test_what_is_no_picture_in_memory(given, reason):
    with pytest.raises(ValueError, match=reason):
        pixels_of(given)


def test_samples_of_less_than_eight_bits_are_stretched(tmp_path):
    deep = GENERATOR.integers(0, 16, (3, 48, 40)).astype('uint8')
    path = write(tmp_path / 'a.tif', deep, nbits=4, photometric='MINISBLACK')
    agrees(read_picture(path), expected(deep))


def test_a_file_beside_a_raster_changes_nothing(tmp_path):
    deep = (SMOOTH[:1] * 700).astype('uint16')
    path = write(tmp_path / 'a.tif', deep)
    before = read_picture(path)
    band = '<PAMRasterBand band="1"><NoDataValue>0</NoDataValue></PAMRasterBand>'
    (tmp_path / 'a.tif.aux.xml').write_text(f'<PAMDataset>{band}</PAMDataset>')
    np.testing.assert_array_equal(read_picture(path), before)


def test_transparency_is_never_shown_and_hides_pixels_from_the_stretch(tmp_path):
    from rasterio.enums import ColorInterp as Band

    deep = (SMOOTH[:2] * 3000 + 900).astype('uint16')
    deep[0, :9] = 60000
    grey_alpha = np.stack([deep[0], np.full((48, 40), 65535, 'uint16')])
    grey_alpha[1, :9] = 0
    path = write(tmp_path / 'a.tif', grey_alpha)
    with rasterio.open(path, 'r+') as raster:
        raster.colorinterp = [Band.gray, Band.alpha]
    picture = read_picture(path)
    assert not picture[:9].any()
    agrees(picture[9:], expected(deep[[0, 0, 0]][:, 9:]), within=2)


def test_no_data_is_black_where_white_is_zero(tmp_path):
    deep = (SMOOTH[:1] * 3000 + 900).astype('uint16')
    deep[0, :9] = 7
    picture = read_picture(write(tmp_path / 'a.tif', deep, photometric='MINISWHITE', nodata=7))
    assert not picture[:9].any() and picture[9:].any()


def test_a_link_in_a_circle_is_one_sentence(tmp_path):
    (tmp_path / 'a.jpg').symlink_to(tmp_path / 'a.jpg')
    with pytest.raises(ValueError, match='^cannot be read: '):
        picture_size(tmp_path / 'a.jpg')
    with pytest.raises((ValueError, FileNotFoundError), match='a.jpg'):
        read_picture(tmp_path / 'a.jpg')


def cut(pixels, window):
    column, row, width, height = window
    return np.moveaxis(pixels[:, row : row + height, column : column + width], 0, -1)


@pytest.mark.parametrize('window', [(0, 0, 40, 48), (3, 7, 20, 9), (39, 47, 1, 1)])
@pytest.mark.parametrize('kind', ['uint8', 'uint16'])
def test_a_window_is_that_part_of_the_whole(tmp_path, window, kind):
    deep = GENERATOR.integers(0, 250, (3, 48, 40)).astype(kind)
    path = write(tmp_path / 'a.tif', deep, photometric='RGB')
    with Raster(path, TIFF) as raster:
        pixels, valid = raster.read(window)
        whole, _ = raster.read()
    np.testing.assert_array_equal(pixels, cut(np.moveaxis(whole, -1, 0), window))
    if kind == 'uint8':
        np.testing.assert_array_equal(pixels, cut(deep, window))
    assert valid.all() and valid.shape == pixels.shape[:2]


def test_every_window_has_the_stretch_of_its_source(tmp_path):
    """A dark corner stays dark beside a bright one."""
    deep = np.full((1, 64, 64), 1000, 'uint16')
    deep[:, 32:] = 5000
    with Raster(write(tmp_path / 'a.tif', deep), TIFF) as raster:
        dark, bright = raster.read((0, 0, 64, 32))[0], raster.read((0, 32, 64, 32))[0]
    assert dark.max() == 0 and bright.min() == 255


def test_a_smaller_read_takes_an_overview(tmp_path):
    deep = np.zeros((1, 512, 512), 'uint8')
    path = write(tmp_path / 'a.tif', deep, tiled=True)
    with rasterio.open(path, 'r+') as raster:
        raster.build_overviews([4], rasterio.enums.Resampling.nearest)
        raster.write(deep + np.uint8(7))  # the overview keeps the old pixels
    with Raster(path, TIFF) as raster:
        small, valid = raster.read((0, 0, 512, 512), (128, 128))
        assert small.shape == valid.shape == (128, 128)
        assert raster.read((0, 0, 512, 512))[0].max() == 7
    assert small.max() == 0


def test_a_smaller_read_is_the_mean(tmp_path):
    deep = GENERATOR.integers(0, 250, (1, 8, 8)).astype('uint8')
    with Raster(write(tmp_path / 'a.tif', deep), TIFF) as raster:
        small, _ = raster.read((0, 0, 8, 8), (4, 4))
    mean = deep[0].reshape(4, 2, 4, 2).mean(axis=(1, 3))
    assert np.abs(small - mean).max() <= 1


def test_where_there_are_data(tmp_path):
    deep = GENERATOR.integers(1, 250, (3, 48, 40)).astype('uint8')
    deep[:, :10] = 0
    deep[0, 20] = 0  # in one band only
    with Raster(write(tmp_path / 'a.tif', deep, nodata=0), TIFF) as raster:
        _, valid = raster.read()
    assert not valid[:10].any() and valid[10:].all()


def described(path, pixels, names, **options):
    write(path, pixels, **options)
    with rasterio.open(path, 'r+') as raster:
        raster.descriptions = names
    return path


SENTINEL = ('B02', 'B03', 'B04', 'B08')


@pytest.mark.parametrize('names', [SENTINEL, ('B2 - Blue', 'B3 - Green', 'B4 (red)', 'B8A')])
def test_sentinel_2_is_known_by_its_names(tmp_path, names):
    deep = np.stack([np.full((48, 40), value, 'uint16') for value in (300, 600, 1500, 9000)])
    with Raster(described(tmp_path / 'a.tif', deep, names), TIFF) as raster:
        look = raster.look()
        pixels, _ = raster.read()
    assert (look.bands, look.low) == ((3, 2, 1), 0) and look.high == pytest.approx(3000)
    assert pixels[0, 0].tolist() == [127, 51, 25]


def test_the_thousand_that_esa_adds_is_taken_off(tmp_path):
    deep = np.stack([np.full((48, 40), value, 'uint16') for value in (1300, 1600, 2500, 9000)])
    with Raster(described(tmp_path / 'a.tif', deep, SENTINEL), TIFF) as raster:
        assert raster.read()[0][0, 0].tolist() == [127, 51, 25]
    path = described(tmp_path / 'b.tif', deep, SENTINEL)
    with rasterio.open(path, 'r+') as raster:
        raster.scales, raster.offsets = [1e-4] * 4, [-0.05] * 4
    with Raster(path, TIFF) as raster:
        assert (raster.look().low, raster.look().high) == pytest.approx((500, 3500))


def test_unnamed_bands_are_sentinel_2_only_when_that_is_said(tmp_path):
    deep = GENERATOR.integers(1, 900, (12, 48, 40)).astype('int16')
    with Raster(write(tmp_path / 'a.tif', deep), TIFF) as raster:
        assert raster.look().bands == (1, 2, 3)
        assert raster.look('sentinel2-l2a').bands == (4, 3, 2)
    with Raster(write(tmp_path / 'b.tif', deep[:5]), TIFF) as raster:
        with pytest.raises(ValueError, match='not Sentinel-2: .* it has 5: give --profile auto'):
            raster.look('sentinel2-l2a')
        with pytest.raises(ValueError, match='profile must be one of auto, as-is, .* got .pan'):
            raster.look('pan')


def test_bands_that_say_their_colour_are_found(tmp_path):
    deep = GENERATOR.integers(0, 9999, (4, 48, 40)).astype('float32')
    path = described(tmp_path / 'a.tif', deep, ('nir', 'Blue', 'GREEN', 'red'))
    with Raster(path, TIFF) as raster:
        assert raster.look().bands == (4, 3, 2)


def test_a_profile_stretches_dark_eight_bits_too(tmp_path):
    deep = (SMOOTH[:1] * 5 + 40).astype('uint8')
    with Raster(write(tmp_path / 'a.tif', deep), TIFF) as raster:
        np.testing.assert_array_equal(raster.read()[0], deep[0])
        stretched_too, _ = raster.read(look=raster.look('percentile'))
    agrees(stretched_too[..., None], expected(deep)[..., :1])


def test_data_between_the_samples_are_found(tmp_path, monkeypatch):
    """A read of one sample in sixteen misses the island of data."""
    monkeypatch.setattr('pir_mm.files.rasters.SAMPLE_SIDE', 4)
    deep = np.full((1, 64, 64), np.nan, 'float32')
    deep[0, 33:35, 41:43] = [[10, 20], [30, 40]]
    with Raster(write(tmp_path / 'a.tif', deep), TIFF) as raster:
        assert (raster.look().low, raster.look().high) == tuple(
            np.percentile([10, 20, 30, 40], (2, 98))
        )
    deep[:] = np.nan
    with Raster(write(tmp_path / 'b.tif', deep), TIFF) as raster:
        assert not raster.read()[1].any() and not raster.read()[0].any()


def test_what_is_read_by_windows(tmp_path):
    eight = np.zeros((3, 48, 40), 'uint8')
    place = {'crs': 'EPSG:32633', 'transform': rasterio.transform.from_origin(5e5, 5e6, 10, 10)}
    cases = {
        'plain': (write(tmp_path / 'a.tif', eight), None),
        'placed': (write(tmp_path / 'b.tif', eight, **place), TIFF),
        'deep': (write(tmp_path / 'c.tif', eight.astype('uint16')), TIFF),
        'large': (write(tmp_path / 'd.tif', np.zeros((3, 48, 101), 'uint8')), TIFF),
    }
    Image.new('RGB', (200, 200)).save(tmp_path / 'e.png')
    cases['png'] = (tmp_path / 'e.png', None)
    assert {n: window_driver(path, 100) for n, (path, _) in cases.items()} == {
        name: driver for name, (_, driver) in cases.items()
    }


@pytest.mark.parametrize(
    ('size', 'side', 'shrunk'),
    [((300, 200), 150, (150, 100)), ((200, 300), 300, (200, 300)), ((9000, 2), 90, (90, 1))],
)
def test_a_shrunk_size_has_the_same_shape(size, side, shrunk):
    assert shrunk_size(size, side) == shrunk
