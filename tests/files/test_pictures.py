"""Reading pictures of all kinds."""

import struct
import warnings
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from pir_mm.files.pictures import PICTURE_ENDINGS, is_picture, picture_size, read_picture

RGB = np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8)


def save(path, pixels, mode=None, **options):
    picture = Image.fromarray(pixels)
    (picture.convert(mode) if mode else picture).save(path, **options)
    return path


def test_gives_blue_first_and_writable(tmp_path):
    picture = read_picture(save(tmp_path / 'a.png', RGB))
    np.testing.assert_array_equal(picture, RGB[..., ::-1])
    picture += 1


@pytest.mark.parametrize('mode', ['L', 'LA', 'P', 'RGBA', '1', 'CMYK'])
def test_makes_three_channels_of_any_mode(tmp_path, mode):
    path = save(tmp_path / 'a.tif', RGB, mode)
    picture = read_picture(path)
    expected = np.asarray(Image.open(path).convert('RGB'))[..., ::-1]
    np.testing.assert_array_equal(picture, expected)
    assert picture.dtype == np.uint8


def test_drops_transparency_not_colour(tmp_path):
    alpha = np.dstack([RGB, np.zeros(RGB.shape[:2], np.uint8)])
    picture = read_picture(save(tmp_path / 'a.png', alpha))
    np.testing.assert_array_equal(picture, RGB[..., ::-1])


@pytest.mark.parametrize('suffix', ['.png', '.tif'])
@pytest.mark.parametrize('channels', [1, 3, 4])
def test_stretches_sixteen_bits(tmp_path, suffix, channels):
    deep = np.random.default_rng(1).integers(100, 2000, (20, 30, channels), dtype=np.uint16)
    cv2.imwrite(str(tmp_path / f'a{suffix}'), deep)
    picture = read_picture(tmp_path / f'a{suffix}')
    deep = np.repeat(deep, 3, axis=2) if channels == 1 else deep[..., :3]
    low, high = np.percentile(deep, (2, 98))
    expected = np.clip((deep.astype(float) - low) / (high - low) * 255, 0, 255)
    assert np.abs(picture - expected).max() <= 1
    assert (picture.min(), picture.max()) == (0, 255)


def test_stretches_floats_with_gaps(tmp_path):
    values = np.linspace(-1, 1, 600, dtype=np.float32).reshape(20, 30)
    values[0, 0] = np.nan
    picture = read_picture(save(tmp_path / 'a.tif', values))
    assert picture.shape == (20, 30, 3)
    assert picture[0, 0].tolist() == [0, 0, 0]
    assert (picture[0, 5, 0], picture[-1, -1, 0]) == (0, 255)


def test_a_flat_deep_picture_stays_flat(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), np.full((4, 4), 900, np.uint16))
    assert np.ptp(read_picture(tmp_path / 'a.png')) == 0


def test_obeys_the_orientation_mark(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    picture = read_picture(save(tmp_path / 'a.png', RGB, exif=exif))
    np.testing.assert_array_equal(picture, np.rot90(RGB[..., ::-1], -1))


@pytest.mark.parametrize(
    ('min_side', 'shape'), [(None, (80, 120)), (41, (80, 120)), (40, (40, 60)), (9, (10, 15))]
)
def test_decodes_a_large_jpeg_smaller(tmp_path, min_side, shape):
    smooth = cv2.resize(RGB, (120, 80))
    whole = save(tmp_path / 'a.jpg', smooth)
    picture = read_picture(whole, min_side=min_side)
    assert picture.shape[:2] == shape
    expected = cv2.resize(smooth[..., ::-1], shape[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(picture.astype(int) - expected).mean() < 8


def test_refuses_a_large_picture_before_decoding(tmp_path, monkeypatch):
    path = save(tmp_path / 'a.png', RGB)
    monkeypatch.setattr(Image.Image, 'load', lambda self: pytest.fail('decoded'))
    with pytest.raises(ValueError, match='a.png has 9 x 6 pixels, more than the 53 of max_pixels'):
        read_picture(path, max_pixels=53)
    monkeypatch.undo()
    assert read_picture(path, max_pixels=54).shape == (6, 9, 3)


def test_refuses_what_pillow_takes_for_a_bomb(tmp_path, monkeypatch):
    path = save(tmp_path / 'a.png', RGB)
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 10)
    with pytest.raises(ValueError, match='a.png cannot be decoded, replace or remove it: '):
        read_picture(path)


@pytest.mark.parametrize('suffix', ['.jpg', '.png', '.tif', '.bmp', '.webp'])
def test_refuses_a_picture_cut_short(tmp_path, suffix):
    path = save(
        tmp_path / f'a{suffix}', np.random.default_rng(2).integers(0, 256, (64, 64, 3), np.uint8)
    )
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ValueError, match=f'a{suffix} cannot be decoded, replace or remove it: '):
        read_picture(path)


def test_refuses_what_is_no_picture(tmp_path):
    (tmp_path / 'a.jpg').write_text('<html>')
    with pytest.raises(ValueError, match='a.jpg cannot be decoded'):
        read_picture(tmp_path / 'a.jpg')
    with pytest.raises(FileNotFoundError, match='the picture .*b.jpg does not exist'):
        read_picture(tmp_path / 'b.jpg')


def test_size_is_width_and_height(tmp_path):
    Image.new('L', (7, 3)).save(tmp_path / 'a.webp')
    assert picture_size(tmp_path / 'a.webp', max_pixels=21) == (7, 3)


def png_that_claims(width, height):
    """A PNG of a few bytes whose header speaks of a huge picture."""
    header = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    chunks = b''.join(
        struct.pack('>I', len(body)) + name + body + struct.pack('>I', zlib.crc32(name + body))
        for name, body in ((b'IHDR', header), (b'IDAT', zlib.compress(b'')))
    )
    return b'\x89PNG\r\n\x1a\n' + chunks


@pytest.mark.parametrize('side', [12_000, 60_000])
def test_a_decompression_bomb_is_refused_by_its_header(tmp_path, side):
    (tmp_path / 'bomb.png').write_bytes(png_that_claims(side, side))
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        with pytest.raises(ValueError, match='^too many pixels: '):
            picture_size(tmp_path / 'bomb.png', max_pixels=100_000_000)


def test_the_limit_itself_is_allowed(tmp_path):
    Image.new('L', (10, 10)).save(tmp_path / 'a.png')
    assert picture_size(tmp_path / 'a.png', max_pixels=100) == (10, 10)
    with pytest.raises(ValueError, match='^too many pixels: 10 x 10 is above 99$'):
        picture_size(tmp_path / 'a.png', max_pixels=99)


def test_what_is_no_picture_is_told_from_what_cannot_be_read(tmp_path):
    (tmp_path / 'a.png').write_text('text')
    with pytest.raises(ValueError, match='^not a picture: unknown content$'):
        picture_size(tmp_path / 'a.png', max_pixels=100)
    with pytest.raises(ValueError, match='^not a picture: it is no regular file$'):
        picture_size(tmp_path, max_pixels=100)
    with pytest.raises(FileNotFoundError):
        picture_size(tmp_path / 'absent.png', max_pixels=100)


def test_formats_that_run_other_programs_are_not_opened(tmp_path):
    (tmp_path / 'a.png').write_bytes(b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 5 5\n%%EOF\n')
    with pytest.raises(ValueError, match='not a picture'):
        picture_size(tmp_path / 'a.png', max_pixels=100)


def test_a_picture_is_known_by_its_ending_in_any_case():
    assert all(is_picture(f'a{ending.upper()}') for ending in PICTURE_ENDINGS)
    assert not any(is_picture(name) for name in ('a.txt', 'png', 'a.png.part', 'a'))
