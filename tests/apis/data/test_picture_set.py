"""What a set on the command line means."""

import json

import pytest

from pir_mm.apis.data import read_picture_set
from pir_mm.datasets import SceneFolder


@pytest.fixture
def classes(tmp_path):
    for scene in ('Airport', 'Port'):
        (tmp_path / scene).mkdir()
        for number in range(6):
            (tmp_path / scene / f'{number}.jpg').touch()
    (tmp_path / 'notes.txt').touch()
    return tmp_path


@pytest.fixture
def prepared(tmp_path):
    annotations = [
        {'filename': f'{split}.jpg', 'split': split, 'sentences': [{'raw': 'a port'}]}
        for split in ('train', 'test')
    ]
    (tmp_path / 'captions.json').write_text(json.dumps({'images': annotations}))
    return tmp_path


def test_a_folder_is_all_its_pictures_at_any_depth(classes):
    found = read_picture_set(str(classes))
    assert found.names == [f'{scene}/{n}.jpg' for scene in ('Airport', 'Port') for n in range(6)]
    assert found.paths[0] == classes / 'Airport' / '0.jpg'


def test_a_split_of_a_prepared_set(prepared):
    found = read_picture_set(f'{prepared}:test')
    assert found.names == ['images/test.jpg']
    assert found.paths == [prepared / 'images' / 'test.jpg']


@pytest.mark.parametrize(
    ('written', 'options'),
    [
        ('train', {}),
        ('test', {'split': 'test'}),
        ('train@0.3', {'train_ratio': 0.3}),
        ('test@0.3@7', {'split': 'test', 'train_ratio': 0.3, 'seed': 7}),
    ],
)
def test_a_draw_is_the_one_of_scene_folder(classes, written, options):
    drawn = SceneFolder(str(classes), **options)
    paths = [drawn.get_data_info(i)['img_path'] for i in range(len(drawn))]
    assert [str(path) for path in read_picture_set(f'{classes}:{written}').paths] == paths


def test_a_folder_may_have_a_colon_in_its_name(tmp_path):
    (tmp_path / 'a:train').mkdir()
    (tmp_path / 'a:train' / '1.png').touch()
    assert read_picture_set(f'{tmp_path}/a:train').names == ['1.png']


@pytest.mark.parametrize(
    ('written', 'reason'),
    [
        (':val', "'train' or 'test', got 'val'"),
        (':train@half', r'train may be followed by @RATIO@SEED only, such as @0\.5@0'),
        (':train@0.5@0@1', 'may be followed by @RATIO@SEED only'),
        (':train@1.5', 'between 0 and 1, got 1.5'),
    ],
)
def test_says_what_is_wrong_with_a_draw(classes, written, reason):
    with pytest.raises(ValueError, match=reason):
        read_picture_set(f'{classes}{written}')


def test_says_what_is_wrong_with_a_set(prepared):
    with pytest.raises(ValueError, match="has the splits test, train, not 'val'"):
        read_picture_set(f'{prepared}:val')
    with pytest.raises(ValueError, match='has no picture'):
        read_picture_set(str(prepared))
    with pytest.raises(FileNotFoundError, match='nowhere is not a folder: give a folder'):
        read_picture_set('nowhere:test')
