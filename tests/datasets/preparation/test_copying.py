"""Copying with a look at each picture."""

import pytest

from pir_mm.datasets.preparation.account import Account
from pir_mm.datasets.preparation.preparing import copy_pictures
from pir_mm.files.archives import PictureStore


def test_copies_bytes_and_leaves_the_broken_out(tmp_path, draw_picture):
    source, target = tmp_path / 'source', tmp_path / 'images'
    for number in range(5):
        draw_picture(source / f'{number}.jpg', seed=number)
    whole = (source / '3.jpg').read_bytes()
    (source / '3.jpg').write_bytes(whole[:200])
    store = PictureStore(source, target)
    matched = [({'n': n}, store.find(f'{n}.jpg')) for n in range(5)]
    noted = Account(5, True, lambda line: None)
    kept = copy_pictures(store, matched, target, noted)
    assert [entry['n'] for entry, _ in kept] == [0, 1, 2, 4]
    assert sorted(path.name for path in target.iterdir()) == ['0.jpg', '1.jpg', '2.jpg', '4.jpg']
    assert (target / '2.jpg').read_bytes() == (source / '2.jpg').read_bytes()
    (reason,) = noted.lists['broken']
    assert reason.startswith(f'the picture {source}/3.jpg cannot be decoded')


def test_an_error_of_the_disk_is_not_a_broken_picture(tmp_path, draw_picture, monkeypatch):
    draw_picture(tmp_path / 'a.jpg')
    store = PictureStore(tmp_path, tmp_path / 'out')
    picture = store.find('a.jpg')
    (tmp_path / 'a.jpg').unlink()
    with pytest.raises(FileNotFoundError):
        copy_pictures(store, [({}, picture)], tmp_path / 'out', Account(1, True, print))
