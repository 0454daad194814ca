"""Matching pictures with annotations, and copying them."""

import pytest

from pir_mm.datasets.preparation.pictures import copy_pictures, match_pictures
from pir_mm.datasets.preparation.problems import PictureProblems
from pir_mm.files.archives import PictureStore


def match(folder, *annotations, allowed=True):
    problems = PictureProblems(10, allowed, lambda line: None)
    store = PictureStore(folder, folder / 'out')
    matched = match_pictures(list(annotations), store, problems)
    return [picture.name for _, picture in matched], problems.lists['missing']


def test_matches_and_lists_the_missing(tmp_path):
    for name in ('1.jpg', '2.jpg'):
        (tmp_path / name).touch()
    annotations = [
        {'filename': '7.tif', 'file_in_zip': '1.jpg'},
        {'filename': 'train/2.jpg'},
        {'filename': '3.jpg'},
    ]
    assert match(tmp_path, *annotations) == (['1.jpg', '2.jpg'], ['3.jpg'])
    with pytest.raises(ValueError, match='1 of 10 pictures are missing'):
        match(tmp_path, *annotations, allowed=False)


def test_refuses_two_annotations_for_one_file_name(tmp_path):
    for folder in ('a', 'b'):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / '1.jpg').write_text(folder)
    with pytest.raises(ValueError, match='a/1.jpg and b/1.jpg would both be stored as 1.jpg: ren'):
        match(tmp_path, {'filename': 'a/1.jpg'}, {'filename': 'b/1.jpg'})


def test_copies_bytes_and_leaves_the_broken_out(tmp_path, draw_picture):
    source, target = tmp_path / 'source', tmp_path / 'images'
    for number in range(5):
        draw_picture(source / f'{number}.jpg', seed=number)
    whole = (source / '3.jpg').read_bytes()
    (source / '3.jpg').write_bytes(whole[:200])
    store = PictureStore(source, target)
    matched = [({'n': n}, store.find(f'{n}.jpg')) for n in range(5)]
    problems = PictureProblems(5, True, lambda line: None)
    kept = copy_pictures(store, matched, target, problems)
    assert [annotation['n'] for annotation, _ in kept] == [0, 1, 2, 4]
    assert sorted(path.name for path in target.iterdir()) == ['0.jpg', '1.jpg', '2.jpg', '4.jpg']
    assert (target / '2.jpg').read_bytes() == (source / '2.jpg').read_bytes()
    (reason,) = problems.lists['broken']
    assert reason.startswith(f'the picture {source}/3.jpg cannot be decoded')


def test_an_error_of_the_disk_is_not_a_broken_picture(tmp_path, draw_picture, monkeypatch):
    draw_picture(tmp_path / 'a.jpg')
    store = PictureStore(tmp_path, tmp_path / 'out')
    picture = store.find('a.jpg')
    (tmp_path / 'a.jpg').unlink()
    with pytest.raises(FileNotFoundError):
        copy_pictures(store, [({}, picture)], tmp_path / 'out', PictureProblems(1, True, print))
