"""Pictures are classified by the names of their scenes."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from pir_mm.apis.zero_shot import class_embeddings, classify_scenes, in_words

TEMPLATES = ['a {} field', '{} seen from above']


@pytest.fixture
def folder(pictures, tmp_path):
    """Two red and one blue picture in their folders, and one blue picture among the green."""
    root = tmp_path / 'set'
    for name, file in (('Red', 'red.png'), ('blue_', 'blue.jpg'), ('Green', 'green.png')):
        (root / name).mkdir(parents=True)
        shutil.copy(pictures / file, root / name)
    shutil.copy(pictures / 'red.png', root / 'Red' / 'again.png')
    shutil.copy(pictures / 'blue.jpg', root / 'Green' / 'wrong.jpg')
    (root / 'empty').mkdir()
    (root / 'read.me').write_text('x')
    return root


def test_worked_out_by_hand(colour_model, folder, tmp_path):
    result = classify_scenes(
        colour_model, folder, TEMPLATES, picture=tmp_path / 'c.png', out=tmp_path / 'c.json'
    )
    assert result.classes == ['green', 'red', 'blue']
    assert result.pictures == [2, 2, 1]
    assert result.top1 == pytest.approx(80) and result.top5 == 100
    assert result.by_class == [50, 100, 100]
    assert result.confusion == [[1, 0, 1], [0, 2, 0], [0, 0, 1]]
    assert result.chance == pytest.approx(100 / 3)
    assert result.interval[0] < 80 < result.interval[1]
    assert json.loads((tmp_path / 'c.json').read_text())['top1'] == pytest.approx(80)
    with Image.open(tmp_path / 'c.png') as picture:
        assert np.asarray(picture.convert('L')).std() > 5


def test_pictures_can_be_left_out(colour_model, folder, tmp_path):
    (tmp_path / 'names.txt').write_text('# seen in training\nGreen/wrong.jpg\nGreen/green.png\n')
    result = classify_scenes(colour_model, folder, TEMPLATES, tmp_path / 'names.txt')
    assert result.classes == ['red', 'blue'] and result.left_out == 2
    assert result.top1 == 100 and result.chance == 50


def test_a_split_of_a_prepared_set_is_asked_by_its_scenes(colour_model, pictures, tmp_path):
    (tmp_path / 'images').mkdir()
    annotations = []
    for name, split, scene in (
        ('red.png', 'test', 'red'), ('blue.jpg', 'test', 'green'), ('green.png', 'train', 'green'),
    ):  # fmt: skip
        shutil.copy(pictures / name, tmp_path / 'images')
        sentence = {'raw': 'a field'}
        annotations.append(
            {'filename': name, 'split': split, 'class': scene, 'sentences': [sentence]}
        )
    (tmp_path / 'captions.json').write_text(json.dumps({'images': annotations}))
    result = classify_scenes(colour_model, f'{tmp_path}:test', TEMPLATES)
    assert result.classes == ['green', 'red'] and result.pictures == [1, 1]
    assert result.by_class == [50, 100]  # blue is as far from green as from red
    with pytest.raises(ValueError, match=r"no picture of split 'val' .*its splits are test, train"):
        classify_scenes(colour_model, f'{tmp_path}:val', TEMPLATES)


def test_a_list_of_another_set_is_refused(colour_model, folder, tmp_path):
    (tmp_path / 'names.txt').write_text('Green/green.png\nPink/1.png\n')
    with pytest.raises(ValueError, match='names Pink/1.png, which .* does not have'):
        classify_scenes(colour_model, folder, TEMPLATES, tmp_path / 'names.txt')


def test_a_class_has_the_direction_of_the_mean_of_its_sentences(colour_model):
    vectors = class_embeddings(colour_model, ['red', 'blue'], ['{} or green', 'green and {}'])
    half = 0.5**0.5
    assert torch.allclose(vectors, torch.tensor([[half, half, 0], [0, half, half]]), atol=1e-6)


@pytest.mark.parametrize(
    ('name', 'words'),
    [
        ('DenseResidential', 'dense residential'),
        ('storage_tanks', 'storage tanks'),
        ('baseball-diamond', 'baseball diamond'),
        ('Port', 'port'),
        ('RailwayStation2', 'railway station 2'),
        ('mobilehomepark', 'mobile home park'),
    ],
)
def test_names_of_folders_are_read_as_words(name, words):
    assert in_words(name) == words


def test_what_cannot_be_is_told(colour_model, folder, tmp_path):
    with pytest.raises(FileNotFoundError, match='has no folders with pictures: unpack the set'):
        classify_scenes(colour_model, tmp_path / 'nowhere')
    with pytest.raises(ValueError, match=r"a template needs {} .* got \['a photo'\]"):
        classify_scenes(colour_model, folder, ['a photo', '{} field'])
    with pytest.raises(ValueError, match='got none'):
        classify_scenes(colour_model, folder, [])
    with pytest.raises(ValueError, match='png'):
        classify_scenes(colour_model, folder, TEMPLATES, picture=tmp_path / 'c.bmp')
    shutil.rmtree(folder / 'Red')
    shutil.rmtree(folder / 'Green')
    with pytest.raises(ValueError, match='has one class, blue_: there is nothing to tell apart'):
        classify_scenes(colour_model, folder, TEMPLATES)
