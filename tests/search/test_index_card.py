"""What an index says of itself, and when two models are the same."""

import json
import os
from dataclasses import replace

import pytest

from pir_mm.search import IndexCard, ModelFingerprint, SkippedPicture, Tiling
from pir_mm.search.index_card import movable, resolved

MINE = ModelFingerprint('a' * 64, 'b' * 64, 512, '0.1.3')


def test_the_same_model_does_not_differ():
    assert MINE.differences(replace(MINE)) == []


def test_only_the_first_two_numbers_of_the_version_count():
    assert MINE.differences(replace(MINE, pir_mm='0.1.9')) == []
    assert MINE.differences(replace(MINE, pir_mm='0.2.0')) == [
        'version of pir_mm (0.1.3 against 0.2.0)'
    ]


def test_all_that_differs_is_named_with_both_values():
    other = ModelFingerprint('c' * 64, 'd' * 64, 256, '0.1.3')
    assert MINE.differences(other) == [
        'config (sha256 aaaaaaaaaaaa against cccccccccccc)',
        'weights (sha256 bbbbbbbbbbbb against dddddddddddd)',
        'embedding width (512 against 256)',
    ]


@pytest.mark.parametrize('change', [{'width': '512'}, {'width': True}, {'config_sha256': None}])
def test_refuses_values_of_another_type(change):
    with pytest.raises(ValueError, match='of a model fingerprint must be'):
        replace(MINE, **change)


MODEL = ModelFingerprint('a' * 64, 'b' * 64, 8, '0.1.0')
SKIPPED = (
    SkippedPicture('/p/a.txt', 'not a picture: .txt ending'),
    SkippedPicture('/p/b.png', 'cannot be decoded: cut'),
    SkippedPicture('/p/ü.pdf', 'not a picture: .pdf ending'),
)


CARD = IndexCard(
    MODEL, None, None, 5, SKIPPED, sources=4, without_data=2, tiling=Tiling('640m', 32)
)


def content_of(card, folder):
    folder.mkdir(parents=True, exist_ok=True)
    card.write(folder / 'index.json')
    return json.loads((folder / 'index.json').read_text(encoding='utf-8'))


def test_reasons_are_counted_by_kind_the_most_frequent_first(tmp_path):
    assert list(CARD.reasons.items()) == [('not a picture', 2), ('cannot be decoded', 1)]
    assert CARD.skipped_by_reason['cannot be decoded'] == ['/p/b.png']
    content = content_of(CARD, tmp_path)
    assert content['reasons'] == CARD.reasons
    assert content['skipped_files'][0] == {'source': '/p/a.txt', 'reason': SKIPPED[0].reason}


def test_the_file_tells_what_the_index_holds(tmp_path):
    content = content_of(CARD, tmp_path / 'index')
    assert content['format'] == 3
    assert (content['sources'], content['indexed'], content['without_data']) == (4, 5, 2)
    assert content['skipped'] == 3
    assert content['tiles'] == {'size': '640m', 'overlap': 32, 'profile': 'auto'}
    assert content['model']['fingerprint']['width'] == 8
    assert [path.name for path in (tmp_path / 'index').iterdir()] == ['index.json']


def test_what_lies_beside_the_index_is_noted_so_that_it_may_move(tmp_path):
    here = tmp_path / 'here'
    config, checkpoint = str(here / 'config.py'), str(here / 'weights' / 'best.pth')
    card = replace(CARD, config=config, checkpoint=checkpoint, root=str(tmp_path))
    content = content_of(card, here / 'index')
    assert content['model']['config'] == '../config.py'
    assert content['model']['checkpoint'] == '../weights/best.pth'
    assert content['root'] == str(tmp_path)
    assert movable(None, here) is resolved(None, here) is None


@pytest.mark.parametrize('path', ['a/b.png', 'index/../c.png', '/elsewhere/d.png'])
def test_a_path_comes_back_as_an_absolute_one(tmp_path, path):
    absolute = os.path.abspath(tmp_path / path)
    assert resolved(movable(absolute, tmp_path / 'index'), tmp_path / 'index') == absolute
