import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments):
    command = [sys.executable, ROOT / 'tools' / 'make_scenes.py', *map(str, arguments)]
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def test_a_set_is_written_and_shown(tmp_path):
    done = run('--out', tmp_path / 'scenes', '--n-images', 16, '--size', 32, '--seed', 3)
    assert done.returncode == 0, done.stderr
    assert '16 pictures of 16 scenes' in done.stdout
    assert '16/16' in done.stderr
    report = json.loads((tmp_path / 'scenes' / 'report.json').read_text())
    assert report['made_from']['seed'] == 3
    assert report['pictures'] == len(list((tmp_path / 'scenes' / 'images').iterdir())) == 16


def test_a_mistake_ends_in_one_sentence(tmp_path, monkeypatch, capsys):
    arguments = ['make_scenes.py', '--out', str(tmp_path / 'scenes'), '--scenes', 'volcano']
    monkeypatch.setattr(sys, 'argv', arguments)
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / 'tools' / 'make_scenes.py'), run_name='__main__')
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith('error: ')
    assert 'unknown: volcano' in said
    assert len(said.splitlines()) == 1
