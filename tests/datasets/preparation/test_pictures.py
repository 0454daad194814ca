"""Matching pictures with annotations, and copying them."""

import pytest

from pir_mm.datasets.preparation.pictures import Match, copy_pictures, match_pictures
from pir_mm.datasets.preparation.problems import PictureProblems
from pir_mm.files.archives import PictureStore


def match(folder, *annotations, allowed=True):
    problems = PictureProblems(10, allowed, lambda line: None)
    store = PictureStore(folder, folder / 'out')
    matched = match_pictures(list(annotations), store, problems)
    return [match.stored for match in matched], problems.lists['missing']


def test_matches_and_lists_the_missing(tmp_path):
    for name in ('1.jpg', '2.jpg'):
        (tmp_path / name).touch()
    annotations = [
        {'filename': '7.tif', 'file_in_zip': '1.jpg'},
        {'filename': 'elsewhere/2.jpg'},
        {'filename': '3.jpg'},
    ]
    assert match(tmp_path, *annotations) == (['1.jpg', '2.jpg'], ['3.jpg'])
    with pytest.raises(ValueError, match='1 of 10 pictures are missing'):
        match(tmp_path, *annotations, allowed=False)


def in_folders(tmp_path):
    for folder in ('a', 'b'):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / '1.jpg').write_text(folder)
    (tmp_path / 'b' / '2.jpg').touch()


def test_equal_names_in_other_folders_are_kept_apart(tmp_path):
    in_folders(tmp_path)
    names = ['a/1.jpg', 'b/1.jpg', 'b/2.jpg']
    assert match(tmp_path, *({'filename': name} for name in names)) == (
        ['a/1.jpg', 'b/1.jpg', '2.jpg'],
        [],
    )


def test_lists_what_is_ambiguous_and_where_a_missing_name_is(tmp_path):
    in_folders(tmp_path)
    lines = []
    problems = PictureProblems(4, True, lines.append)
    store = PictureStore(tmp_path, tmp_path / 'out')
    given = [{'filename': '1.jpg'}, {'filename': 'c/2.jpg'}, {'filename': '2.jpg'}]
    (found,) = match_pictures(given, store, problems)
    assert found.stored == '2.jpg'
    assert lines == [
        'missing: c/2.jpg (b/2.jpg is in another folder)',
        f'ambiguous: 1.jpg may be {tmp_path}/a/1.jpg, {tmp_path}/b/1.jpg',
    ]


def test_two_names_of_one_picture_are_one_annotation(tmp_path):
    in_folders(tmp_path)
    lines = []
    problems = PictureProblems(2, False, lines.append)
    given = [
        {'filename': name, 'split': split, 'sentences': [{'raw': raw} for raw in sentences]}
        for name, split, sentences in (('2.jpg', 'test', 'ab'), ('b\\2.jpg', 'train', 'bc'))
    ]
    store = PictureStore(tmp_path, tmp_path / 'out')
    (found,) = match_pictures(given, store, problems)
    assert found.annotation == {
        'filename': '2.jpg',
        'split': 'test',
        'sentences': [{'raw': 'a'}, {'raw': 'b'}, {'raw': 'c'}],
    }
    assert lines == [
        '1 names mean pictures that are named before, and their captions are joined: b\\2.jpg'
    ]


def test_copies_bytes_and_leaves_the_broken_out(tmp_path, draw_picture):
    source, target = tmp_path / 'source', tmp_path / 'images'
    for number in range(5):
        draw_picture(source / f'{number}.jpg', seed=number)
    whole = (source / '3.jpg').read_bytes()
    (source / '3.jpg').write_bytes(whole[:200])
    store = PictureStore(source, target)
    matched = [Match({'n': n}, store.find(f'{n}.jpg'), f'{n}.jpg') for n in range(5)]
    problems = PictureProblems(5, True, lambda line: None)
    kept = copy_pictures(store, matched, target, problems)
    assert [match.annotation['n'] for match in kept] == [0, 1, 2, 4]
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
        matched = [Match({}, picture, 'a.jpg')]
        copy_pictures(store, matched, tmp_path / 'out', PictureProblems(1, True, print))
