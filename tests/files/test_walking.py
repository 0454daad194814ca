"""None"""

import os
import struct
import warnings
import zlib

import pytest
from PIL import Image

from pir_mm.search import find_files, picture_size


def make(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def relative(files, folder):
    return [os.path.relpath(file, folder) for file in files]


def test_folders_are_searched_at_any_depth_in_order(tmp_path):
    make(tmp_path, 'b.png', 'a/z.jpg', 'a/c/d.tif', 'e.txt')
    assert relative(find_files([tmp_path]), tmp_path) == ['a/c/d.tif', 'a/z.jpg', 'b.png', 'e.txt']


def test_hidden_files_and_folders_are_passed_over(tmp_path):
    make(tmp_path, '.git/a.png', '._b.png', 'c/.d/e.png', 'c/f.png')
    assert relative(find_files([tmp_path]), tmp_path) == ['c/f.png']


def test_a_file_counts_once_however_it_is_named(tmp_path, monkeypatch):
    make(tmp_path, 'a/b.png', 'c.png')
    (tmp_path / 'a' / 'link.png').symlink_to(tmp_path / 'c.png')
    monkeypatch.chdir(tmp_path)
    files = find_files(['c.png', 'a', tmp_path, 'a/../c.png'])
    assert relative(files, tmp_path) == ['c.png', 'a/b.png']
    assert all(file.is_absolute() for file in files)


def test_links_between_folders_are_followed_but_not_in_circles(tmp_path):
    make(tmp_path, 'elsewhere/a.png', 'here/b.png')
    (tmp_path / 'here' / 'linked').symlink_to(tmp_path / 'elsewhere')
    (tmp_path / 'elsewhere' / 'back').symlink_to(tmp_path / 'here')
    found = relative(find_files([tmp_path / 'here']), tmp_path / 'here')
    assert found == ['b.png', 'linked/a.png']


def test_folders_can_be_left_out(tmp_path):
    make(tmp_path, 'index/vectors.npy', 'a.png')
    assert relative(find_files([tmp_path], leave_out=[tmp_path / 'index']), tmp_path) == ['a.png']


def test_a_source_that_is_absent_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='absent does not exist'):
        find_files([tmp_path / 'absent'])


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
    with pytest.raises(ValueError, match='^cannot be read: '):
        picture_size(tmp_path, max_pixels=100)
    with pytest.raises(FileNotFoundError):
        picture_size(tmp_path / 'absent.png', max_pixels=100)


def test_formats_that_run_other_programs_are_not_opened(tmp_path):
    (tmp_path / 'a.png').write_bytes(b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 5 5\n%%EOF\n')
    with pytest.raises(ValueError, match='not a picture'):
        picture_size(tmp_path / 'a.png', max_pixels=100)
