import json
from collections import Counter

import cv2
import numpy as np
import pytest

from pir_mm.datasets import CaptionDataset, WordPieceTokenizer
from pir_mm.datasets.scenes import make_scenes
from pir_mm.datasets.scenes.draw import SCENE_CLASSES, draw_scene

SILENT = dict(log=lambda line: None)
SMALL = dict(n_images=48, size=32, seed=7, workers=2, **SILENT)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp('sets') / 'scenes'
    make_scenes(out, **SMALL)
    return out


def annotations(folder):
    return json.loads((folder / 'captions.json').read_text())['images']


def files(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob('*') if p.is_file()}


def test_the_layout_holds_what_was_drawn(folder):
    assert {path.name for path in folder.iterdir()} == {
        'captions.json', 'images', 'report.json', 'vocab.txt'
    }  # fmt: skip
    for number, annotation in enumerate(annotations(folder)):
        assert annotation['imgid'] == number
        assert annotation['class'] == list(SCENE_CLASSES)[number % 16]
        assert annotation['filename'] == f'{annotation["class"]}_{number:05d}.png'
        picture = cv2.imread(str(folder / 'images' / annotation['filename']))
        assert np.array_equal(picture, draw_scene(annotation['class'], 7, number, 32)[0])
        assert len({sentence['raw'] for sentence in annotation['sentences']}) == 5


def test_one_process_and_two_write_the_same_bytes(folder, tmp_path):
    make_scenes(tmp_path / 'scenes', **{**SMALL, 'workers': 1})
    assert files(tmp_path / 'scenes') == files(folder)


def test_a_second_run_does_nothing(folder):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob('*')}
    lines = []
    report = make_scenes(folder, **{**SMALL, 'log': lines.append})
    assert lines[0].endswith('up to date, nothing to do: 48 pictures')
    assert report == json.loads((folder / 'report.json').read_text())
    assert {path: path.stat().st_mtime_ns for path in folder.rglob('*')} == before


def test_other_arguments_make_another_set_in_its_place(tmp_path):
    out = tmp_path / 'scenes'
    first = make_scenes(out, **{**SMALL, 'n_images': 16})
    other = make_scenes(out, **{**SMALL, 'n_images': 16, 'seed': 8})
    assert first['pixels'] != other['pixels']
    assert len(annotations(out)) == 16
    assert [path.name for path in tmp_path.iterdir()] == ['scenes']


def test_a_longer_set_begins_with_the_shorter(folder, tmp_path):
    make_scenes(tmp_path / 'scenes', **{**SMALL, 'n_images': 20})
    short, long = annotations(tmp_path / 'scenes'), annotations(folder)
    for key in ('filename', 'sentences'):
        assert [e[key] for e in short] == [e[key] for e in long[:20]]


def test_some_classes_only(tmp_path):
    make_scenes(tmp_path / 'two', **{**SMALL, 'n_images': 10, 'scenes': ['port', 'beach']})
    assert Counter(e['class'] for e in annotations(tmp_path / 'two')) == {'port': 5, 'beach': 5}


@pytest.mark.parametrize(('n_images', 'sizes'), [(48, (35, 4, 9)), (1000, (700, 100, 200))])
def test_splits_hold_every_class_alike(n_images, sizes, monkeypatch, tmp_path):
    monkeypatch.setattr('pir_mm.datasets.scenes.generate._write_picture', written_plainly)
    monkeypatch.setattr('pir_mm.datasets.scenes.generate.ProcessPoolExecutor', Here)
    report = make_scenes(tmp_path / 'scenes', **{**SMALL, 'n_images': n_images})
    assert tuple(report['splits'][split] for split in ('train', 'val', 'test')) == sizes
    for split in ('train', 'val', 'test'):
        shown = [e['class'] for e in annotations(tmp_path / 'scenes') if e['split'] == split]
        shares = Counter(dict.fromkeys(SCENE_CLASSES, 0)) + Counter(shown)
        assert max(shares.values()) - min(Counter(shown)[name] for name in SCENE_CLASSES) <= 2


def written_plainly(folder, names, seed, size, index):
    name = names[index % len(names)]
    (folder / f'{name}_{index:05d}.png').touch()
    sentences = [{'raw': f'a {name}'}]
    return {'filename': f'{name}_{index:05d}.png', 'class': name, 'sentences': sentences}, b''


class Here:
    """A pool that works in this process."""

    def __init__(self, workers):
        self.workers = workers

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def map(self, function, items, chunksize):
        return map(function, items)


def test_the_dataset_and_the_tokenizer_read_it(folder):
    dataset = CaptionDataset(ann_file='captions.json', data_root=str(folder), split='train')
    assert set(dataset.metainfo['scenes']) == set(SCENE_CLASSES)
    assert len(dataset) == 5 * sum(e['split'] == 'train' for e in annotations(folder))
    tokenizer = WordPieceTokenizer(folder / 'vocab.txt', max_tokens=47)
    texts = [s['raw'] for e in annotations(folder) for s in e['sentences']]
    _, mask = tokenizer(texts)
    assert mask.sum(dim=-1).max() < 47


@pytest.mark.parametrize(
    ('wrong', 'message'),
    [
        (
            dict(n_images=12),
            r'n_images=12 must be from 16 \(at least ten, and one of each of the 16 scenes',
        ),
        (dict(n_images=5, scenes=['port']), 'n_images=5 must be from 10'),
        (dict(n_images=10**6), 'to 99999'),
        (dict(scenes=['port', 'volcano']), 'airport, beach, .*; unknown: volcano'),
        (dict(scenes=[]), 'must be different names out of'),
        (dict(scenes=['port', 'port']), 'must be different names out of'),
        (dict(seed=-1), 'seed=-1 must not be negative'),
        (dict(size=8), 'size=8 pixels must be from 32 to 1024'),
        (dict(workers=0), 'workers=0 must be at least 1'),
    ],
)
def test_wrong_arguments_are_named(wrong, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        make_scenes(tmp_path / 'scenes', **{**SMALL, **wrong})
    assert not (tmp_path / 'scenes').exists()


def test_a_folder_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / 'thesis.tex').touch()
    with pytest.raises(ValueError, match='was not written by this program'):
        make_scenes(tmp_path, **SMALL)
    assert (tmp_path / 'thesis.tex').exists()
