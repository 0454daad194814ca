"""Files beside the pictures."""

import json
from pathlib import Path

import pytest

from pir_mm.datasets.preparation.pictures import Match
from pir_mm.datasets.preparation.prepared_folder import (
    stored_annotations,
    write_captions,
    write_report,
    write_vocabulary,
)
from pir_mm.files.archives import Picture

ANNOTATIONS = [
    {
        'filename': '1.tif',
        'split': 'train',
        'class': 'pond',
        'imgid': 40,
        'sentences': [{'raw': 'A café .', 'tokens': ['a']}],
    },
    {'filename': '2.tif', 'split': 'test', 'class': None, 'sentences': [{'raw': 'b'}]},
]


def test_captions_are_numbered_and_named_after_the_stored_files(tmp_path):
    matched = [
        Match(e, Picture(Path(), 'in.jpg', 1, ('in.jpg',)), e['filename'][0] + '.jpg')
        for e in ANNOTATIONS
    ]
    annotations = stored_annotations(matched)
    assert annotations == [
        {
            'filename': '1.jpg',
            'imgid': 0,
            'split': 'train',
            'class': 'pond',
            'sentences': [{'raw': 'A café .'}],
        },
        {'filename': '2.jpg', 'imgid': 1, 'split': 'test', 'sentences': [{'raw': 'b'}]},
    ]
    write_captions(tmp_path, 'mine', annotations)
    text = (tmp_path / 'captions.json').read_text(encoding='utf-8')
    assert json.loads(text) == {'dataset': 'mine', 'images': annotations}
    assert 'café' in text


def test_vocabulary_is_trained_on_training_captions(tmp_path):
    write_vocabulary(tmp_path, ANNOTATIONS, None, 500)
    pieces = (tmp_path / 'vocab.txt').read_text().split('\n')
    assert {'c', '##f', 'e'} <= set(pieces)
    with pytest.raises(ValueError, match='no picture has split train'):
        write_vocabulary(tmp_path, ANNOTATIONS[1:], None, 500)


def test_vocabulary_is_copied_if_it_is_one(tmp_path):
    own = tmp_path / 'own.txt'
    own.write_text('[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n')
    assert write_vocabulary(tmp_path, ANNOTATIONS, own, 500) == 5
    assert (tmp_path / 'vocab.txt').read_bytes() == own.read_bytes()
    own.write_text('a\n')
    with pytest.raises(ValueError, match=r'own.txt lacks \[PAD\]'):
        write_vocabulary(tmp_path, ANNOTATIONS, own, 500)


def test_report_counts(tmp_path):
    report = write_report(tmp_path, ANNOTATIONS[:1], missing=['x'])
    assert report == {
        'pictures': 1,
        'captions': 1,
        'splits': {'train': 1, 'val': 0, 'test': 0},
        'scenes': 1,
        'missing': ['x'],
    }
    assert json.loads((tmp_path / 'report.json').read_text()) == report
