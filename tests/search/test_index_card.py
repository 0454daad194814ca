"""None"""

import json
from dataclasses import replace

import pytest

from pir_mm.search import IndexCard, ModelFingerprint, SkippedPicture

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


def written(tmp_path, **change):
    """An ``index.json`` with some of its entries changed, or removed where None is given."""
    folder = tmp_path / 'index'
    folder.mkdir(exist_ok=True)
    IndexCard(MODEL, None, None, 5, SKIPPED).write(folder / 'index.json')
    content = json.loads((folder / 'index.json').read_text(encoding='utf-8'))
    content.update(change)
    content = {key: value for key, value in content.items() if value is not None}
    (folder / 'index.json').write_text(json.dumps(content))
    return folder / 'index.json'


def test_what_is_written_is_read(tmp_path):
    (tmp_path / 'index').mkdir()
    path = tmp_path / 'index' / 'index.json'
    card = IndexCard(MODEL, str(tmp_path / 'c.py'), '/elsewhere/best.pth', 5, SKIPPED)
    card.write(path)
    assert IndexCard.read(path) == card


def test_reasons_are_counted_by_kind_the_most_frequent_first(tmp_path):
    card = IndexCard(MODEL, None, None, 5, SKIPPED)
    assert list(card.reasons.items()) == [('not a picture', 2), ('cannot be decoded', 1)]
    content = json.loads(written(tmp_path).read_text())
    assert (content['indexed'], content['skipped']) == (5, 3)
    assert content['reasons'] == card.reasons


def test_a_model_beside_the_index_moves_with_it(tmp_path):
    here, there = tmp_path / 'here', tmp_path / 'there'
    (here / 'index').mkdir(parents=True)
    card = IndexCard(MODEL, str(here / 'config.py'), str(here / 'weights' / 'best.pth'), 5)
    card.write(here / 'index' / 'index.json')
    here.rename(there)
    moved = IndexCard.read(there / 'index' / 'index.json')
    assert moved.config == str(there / 'config.py')
    assert moved.checkpoint == str(there / 'weights' / 'best.pth')


def test_a_model_elsewhere_is_noted_by_its_whole_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'a' / 'index').mkdir(parents=True)
    path = tmp_path / 'a' / 'index' / 'index.json'
    IndexCard(MODEL, 'config.py', None, 5).write(path)
    assert IndexCard.read(path).config == str(tmp_path / 'config.py')
    assert json.loads(path.read_text())['model']['config'] == str(tmp_path / 'config.py')


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'format': 2}, 'format 2 is not 1: index anew'),
        ({'indexed': 0}, 'indexed must be a whole number of at least 1, got 0'),
        ({'indexed': '5'}, "got '5'"),
        ({'model': None}, "'model' is missing"),
        ({'model': {'config': 7, 'checkpoint': None, 'fingerprint': {}}}, 'missing 4 required'),
        ({'skipped_files': [{'source': 'a'}]}, "'reason'"),
    ],
)
def test_a_wrong_entry_is_named_with_the_file(tmp_path, change, message):
    with pytest.raises(ValueError, match='is not the card of an index') as info:
        IndexCard.read(written(tmp_path, **change))
    assert message in str(info.value)


def test_what_is_no_json_object_is_refused(tmp_path):
    for text in ('{', '[1]', '"a"', 'null'):
        (tmp_path / 'index.json').write_text(text)
        with pytest.raises(ValueError, match=r'index\.json is not the card of an index'):
            IndexCard.read(tmp_path / 'index.json')
