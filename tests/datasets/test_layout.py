"""The command for a folder, and missing pictures."""

import os
import shlex

import pytest

from pir_mm.datasets.layout import (
    command_for,
    missing_pictures,
    require_pictures,
    training_command,
)
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ('folder', 'command'),
    [
        ('data/ucm', 'python tools/prepare_data.py ucm --source DIR --out data/ucm'),
        ('data/demo_scenes/', 'python tools/make_scenes.py --out data/demo_scenes/'),
        (
            'data/mine',
            'python tools/prepare_data.py custom --captions FILE --source DIR --out data/mine',
        ),
    ],
)
def test_the_command_depends_on_the_name_of_the_folder(folder, command):
    assert command_for(folder) == command


def test_finds_what_is_missing_in_order(tmp_path):
    (tmp_path / 'b').mkdir()
    for name in ('a.jpg', 'b/c.jpg'):
        (tmp_path / name).touch()
    names = ['z.jpg', 'a.jpg', 'b/c.jpg', 'b/a.jpg', 'nowhere/a.jpg']
    assert missing_pictures(str(tmp_path), names) == ['z.jpg', 'b/a.jpg', 'nowhere/a.jpg']


def test_lists_a_folder_once(tmp_path, monkeypatch):
    calls = []
    scandir = os.scandir
    monkeypatch.setattr(os, 'scandir', lambda folder: calls.append(folder) or scandir(folder))
    assert len(missing_pictures(str(tmp_path), [f'{n}.jpg' for n in range(50)])) == 50
    assert calls == [str(tmp_path)]


def test_counts_and_names_the_first(tmp_path):
    folder = str(tmp_path / 'rsicd' / 'images')
    with pytest.raises(
        FileNotFoundError, match=r'4 pictures .*: 0, 1, 2, \.\.\.; .* rsicd --source'
    ):
        require_pictures(folder, ['0', '1', '2', '3'])
    with pytest.raises(FileNotFoundError, match='1 pictures are missing .*: 0; make'):
        require_pictures(folder, ['0'])


def test_accepts_a_whole_folder(tmp_path):
    (tmp_path / 'a.jpg').touch()
    assert require_pictures(str(tmp_path), ['a.jpg']) is None


def test_the_command_that_trains_can_be_pasted():
    command = training_command('/data/my tiny')
    words = shlex.split(command)
    assert words[:3] == ['python', 'tools/train.py', 'configs/demo/pir_itr_scenes.py']
    assert words[3:] == ['--data', '/data/my tiny', '--work-dir', 'work_dirs/my tiny']
    assert (ROOT / words[2]).is_file()
