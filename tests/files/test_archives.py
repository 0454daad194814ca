"""Pictures in folders and archives."""

import os
import zipfile

import pytest

from pir_mm.files import archives as picture_store
from pir_mm.files.archives import PictureStore


def write(folder, **contents):
    for name, content in contents.items():
        path = folder / name.replace('__', '/').replace('_dot_', '.')
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def pack(path, members):
    with zipfile.ZipFile(path, 'w') as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def store(folder):
    return PictureStore(folder, folder / 'out')


def test_finds_pictures_at_any_depth(tmp_path):
    write(tmp_path, deep__a_dot_JPG=b'1', out__c_dot_jpg=b'2', note_dot_txt=b'3')
    pack(
        tmp_path / 'z.zip',
        {'images/b.tif': b'4', '__MACOSX/b.tif': b'5', '.x/a.jpg': b'', 'n': b''},
    )
    found = store(tmp_path)
    assert len(found) == 2
    assert found.read(found.find('a.JPG')) == b'1'
    assert found.read(found.find('train/b.tif')) == b'4'
    assert found.find('c.jpg') is None
    assert str(found.find('b.tif')) == f'{tmp_path}/z.zip/images/b.tif'


def test_takes_another_ending_if_the_name_is_not_there(tmp_path):
    write(tmp_path, a_dot_jpg=b'1', b_dot_tif=b'2', b_dot_jpg=b'3')
    found = store(tmp_path)
    assert found.find('A.tif').name == 'a.jpg'
    assert found.find('b.jpg').name == 'b.jpg'


def test_refuses_one_name_with_two_contents(tmp_path):
    write(tmp_path, x__a_dot_jpg=b'1', y__a_dot_jpg=b'1')
    assert store(tmp_path).find('a.jpg').member == 'x/a.jpg'
    write(tmp_path, y__a_dot_jpg=b'2')
    found = store(tmp_path)
    with pytest.raises(ValueError, match='a.jpg is there more than once, .*x/a.jpg and .*y/a.jpg;'):
        found.find('a.jpg')
    assert found.find('y/a.jpg').member == 'y/a.jpg'


@pytest.mark.parametrize('name', ['../a.jpg', '/a.jpg', 'x/../../a.jpg', '..\\a.jpg', 'C:\\a.jpg'])
def test_refuses_a_member_that_points_out(tmp_path, name):
    pack(tmp_path / 'z.zip', {name: b'1'})
    with pytest.raises(ValueError, match='z.zip has a member that points out of it'):
        store(tmp_path)


def test_refuses_a_huge_member_before_reading_it(tmp_path, monkeypatch):
    pack(tmp_path / 'z.zip', {'a.jpg': b'12345'})
    monkeypatch.setattr(picture_store, 'MAX_BYTES', 4)
    with pytest.raises(ValueError, match='a.jpg claims 5 bytes, over 4'):
        store(tmp_path)


def test_refuses_bad_archives(tmp_path):
    pack(tmp_path / 'z.zip', {'a.jpg': b'1' * 100})
    whole = (tmp_path / 'z.zip').read_bytes()
    (tmp_path / 'z.zip').write_bytes(whole[:-30])
    with pytest.raises(ValueError, match='z.zip is not a zip archive, or is cut short'):
        store(tmp_path)
    (tmp_path / 'z.zip').write_bytes(whole.replace(b'1' * 100, b'1' * 99 + b'2'))
    found = store(tmp_path)
    with pytest.raises(ValueError, match='z.zip/a.jpg cannot be read: Bad CRC'):
        found.read(found.find('a.jpg'))
    locked = bytearray(whole)
    locked[whole.index(b'PK\x01\x02') + 8] |= 1  # the mark of encryption
    (tmp_path / 'z.zip').write_bytes(locked)
    with pytest.raises(ValueError, match='z.zip is encrypted'):
        store(tmp_path)


def test_refuses_what_is_no_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere is not a folder'):
        store(tmp_path / 'nowhere')


def test_walks_through_links_once(tmp_path):
    write(tmp_path / 'a', x__1_dot_jpg=b'')
    os.symlink(tmp_path / 'a', tmp_path / 'a' / 'x' / 'round')
    (tmp_path / 'b').mkdir()
    os.symlink(tmp_path / 'a' / 'x', tmp_path / 'b' / 'linked')
    assert len(PictureStore(tmp_path / 'b', tmp_path / 'out')) == 1
    assert len(PictureStore(tmp_path / 'b', tmp_path / 'a' / 'x')) == 0
