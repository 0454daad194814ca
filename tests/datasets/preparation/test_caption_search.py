"""Finding the caption file."""

import pytest

from pir_mm.datasets.preparation.caption_search import find_caption_file


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
