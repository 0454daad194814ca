"""Pictures of entries."""

import pytest

from pir_mm.datasets.preparation.account import Account
from pir_mm.datasets.preparation.matching import (
    drop_empty_captions,
    find_caption_file,
    match_pictures,
)
from pir_mm.files.archives import PictureStore


def search(source):
    return find_caption_file(source, 'rsicd', source / 'out').name


def test_prefers_the_one_named_after_the_set(tmp_path):
    with pytest.raises(FileNotFoundError, match='holds no .json .* put dataset_rsicd.json there'):
        search(tmp_path)
    (tmp_path / 'captions.json').touch()
    assert search(tmp_path) == 'captions.json'
    (tmp_path / 'deep').mkdir()
    (tmp_path / 'deep' / 'dataset_RSICD.json').touch()
    assert search(tmp_path) == 'dataset_RSICD.json'
    (tmp_path / 'rsicd_2.json').touch()
    with pytest.raises(ValueError, match=r'holds 3 .json files \(.*\): name one by --captions'):
        search(tmp_path)


def test_does_not_look_into_its_own_output(tmp_path):
    (tmp_path / 'a.json').touch()
    (tmp_path / 'out').mkdir()
    (tmp_path / 'out' / 'captions_rsicd.json').touch()
    assert search(tmp_path) == 'a.json'


def account(allowed=True):
    return Account(10, allowed, lambda line: None)


def match(folder, *entries, allowed=True):
    noted = account(allowed)
    store = PictureStore(folder, folder / 'out')
    matched = match_pictures(list(entries), store, noted)
    return [picture.name for _, picture in matched], noted.lists['missing']


def test_matches_and_notes_the_missing(tmp_path):
    for name in ('1.jpg', '2.jpg'):
        (tmp_path / name).touch()
    entries = [
        {'filename': '7.tif', 'file_in_zip': '1.jpg'},
        {'filename': 'train/2.jpg'},
        {'filename': '3.jpg'},
    ]
    assert match(tmp_path, *entries) == (['1.jpg', '2.jpg'], ['3.jpg'])
    with pytest.raises(ValueError, match='1 of 10 pictures are missing'):
        match(tmp_path, *entries, allowed=False)


def test_refuses_two_entries_for_one_file_name(tmp_path):
    for folder in ('a', 'b'):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / '1.jpg').write_text(folder)
    with pytest.raises(ValueError, match='a/1.jpg and b/1.jpg would both be stored as 1.jpg: ren'):
        match(tmp_path, {'filename': 'a/1.jpg'}, {'filename': 'b/1.jpg'})


def test_drops_captions_without_a_word():
    def entry(*captions):
        return {'filename': f'{len(captions)}.jpg', 'sentences': [{'raw': c} for c in captions]}

    noted = account()
    kept, dropped = drop_empty_captions([entry('.', 'a', ''), entry('b'), entry(' ', '?')], noted)
    assert kept == [{'filename': '3.jpg', 'sentences': [{'raw': 'a'}]}, entry('b')]
    assert dropped == [f'{n}.jpg, caption {c}' for n, c in ((3, 0), (3, 2), (2, 0), (2, 1))]
    assert noted.lists == {'without_caption': ['2.jpg']}
