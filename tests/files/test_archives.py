"""Pictures in folders and archives."""

import os
import zipfile

import pytest

from pir_mm.files import archives as picture_store
from pir_mm.files.archives import AmbiguousNameError, PictureStore


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
    assert found.read(found.find('images/b.tif')) == b'4'
    assert found.find('c.jpg') is None
    assert str(found.find('b.tif')) == f'{tmp_path}/z.zip/images/b.tif'


def test_takes_another_ending_if_the_name_is_not_there(tmp_path):
    write(tmp_path, a_dot_jpg=b'1', b_dot_tif=b'2', b_dot_jpg=b'3')
    found = store(tmp_path)
    assert found.find('A.tif').path == 'a.jpg'
    assert found.find('b.jpg').path == 'b.jpg'


def test_refuses_one_name_with_two_contents(tmp_path):
    write(tmp_path, x__a_dot_jpg=b'1', y__a_dot_jpg=b'1')
    assert store(tmp_path).find('a.jpg').member == 'x/a.jpg'
    write(tmp_path, y__a_dot_jpg=b'2')
    found = store(tmp_path)
    with pytest.raises(AmbiguousNameError, match='a.jpg may be .*x/a.jpg, .*y/a.jpg'):
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


def test_every_folder_of_a_name_counts(tmp_path):
    write(tmp_path, beach__3_dot_png=b'1', beach__4_dot_png=b'2', big__beach__5_dot_png=b'3')
    write(tmp_path, top_dot_png=b'4')
    found = store(tmp_path)
    assert found.find('airport/3.png') is None
    assert found.like('airport/3.png').path == 'beach/3.png'
    assert found.find('beach/5.png').path == 'big/beach/5.png'
    assert found.find('other/beach/5.png') is None
    assert found.find('airport/top.png') is None
    assert found.find('') is None


def test_more_folders_in_front_are_those_of_another_machine(tmp_path):
    write(tmp_path / 'deep', beach__3_dot_png=b'1', sand__3_dot_png=b'2')
    found = store(tmp_path / 'deep')
    for name in ('/home/me/beach/3.png', 'C:\\data\\beach\\3.png', './beach/3.png'):
        assert found.find(name).path == 'beach/3.png', name
    write(tmp_path / 'flat', a_dot_png=b'3')
    assert store(tmp_path / 'flat').find('/home/me/photos/a.png').path == 'a.png'


def test_an_absolute_path_is_exact(tmp_path):
    write(tmp_path, a__3_dot_png=b'1', b__a__3_dot_png=b'2')
    found = store(tmp_path)
    assert found.find(f'{tmp_path}/a/3.png').path == 'a/3.png'
    (tmp_path / 'link').symlink_to(tmp_path / 'a')
    assert found.find(f'{tmp_path}/link/3.png').path == 'a/3.png'
    assert found.find(f'{tmp_path}/c/3.png') is None
    assert found.find(f'{tmp_path}/3.png') is None
    write(tmp_path / 'flat', a_dot_png=b'3')
    assert store(tmp_path / 'flat').find(f'{tmp_path}/flat/b/a.png') is None


def test_a_zip_stands_for_a_folder(tmp_path):
    for name, content in (('airport', b'1'), ('beach', b'2')):
        pack(tmp_path / f'{name}.zip', {'3.png': content})
    found = store(tmp_path)
    assert found.read(found.find('beach/3.png')) == b'2'
    assert found.find('harbour/3.png') is None
    with pytest.raises(AmbiguousNameError):
        found.find('3.png')


def test_letters_are_the_same_in_every_form(tmp_path):
    composed, apart = '\u00fcber/\u00e9.png', 'u\u0308ber/e\u0301.png'
    for given, asked in ((composed, apart), (apart, composed)):
        folder = tmp_path / str(len(given))
        write(folder, **{given.replace('/', '__').replace('.', '_dot_'): b'1'})
        assert store(folder).find(asked) is not None
    assert store(folder).find(asked.upper().replace('PNG', 'tif')) is not None


@pytest.mark.parametrize('page', ['utf-8', 'cp437', 'cp850', 'cp1252'])
def test_an_old_zip_is_read_in_its_code_page(tmp_path, page):
    name = 'h\u00fctte/\u00e9.png'
    path = tmp_path / 'z.zip'
    stand_in = 'x' * (len(name.encode(page)) - 4) + '.png'
    pack(path, {stand_in: b'1'})
    path.write_bytes(path.read_bytes().replace(stand_in.encode(), name.encode(page)))
    found = store(tmp_path)
    assert found.read(found.find(name)) == b'1'


def test_a_zip_that_says_its_names_are_utf_8_is_believed(tmp_path):
    pack(tmp_path / 'z.zip', {'\u4e2d/\u00e9.png': b'1'})
    assert str(store(tmp_path).find('\u00e9.png')) == f'{tmp_path}/z.zip/\u4e2d/\u00e9.png'
