"""Files are found in one order, none twice."""

import os

import pytest

from pir_mm.files.walking import find_files, is_hidden, printable


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


def test_what_macos_puts_into_archives_is_hidden_too():
    assert [is_hidden(name) for name in ('.a', '__MACOSX', 'a.b', '_a')] == [
        True,
        True,
        False,
        False,
    ]


def test_a_folder_that_cannot_be_read_is_told(tmp_path, monkeypatch):
    for name in ('a/1.jpg', 'closed/2.jpg', 'b/3.jpg'):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith('closed'):
            raise PermissionError(13, 'Permission denied', str(path))
        return scandir(path)

    monkeypatch.setattr(os, 'scandir', refuse)
    errors = []
    found = find_files([tmp_path], on_error=errors.append)
    assert [path.name for path in found] == ['1.jpg', '3.jpg']
    assert [error.filename for error in errors] == [str(tmp_path / 'closed')]
    with pytest.raises(PermissionError):
        find_files([tmp_path])


def test_a_name_of_other_bytes_can_be_printed():
    assert printable('a/\u00e9.jpg') == 'a/\u00e9.jpg'
    assert printable(os.fsdecode(b'a/\xff.jpg')) == r'a/\xff.jpg'
