"""Files and folders that appear whole or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pir_mm.files.writing import atomic_file, atomic_folder, moved_aside, write_json, write_text

ROOT = Path(__file__).resolve().parents[2]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_takes_the_place_of_the_old_one(tmp_path):
    out = tmp_path / 'deep' / 'out'
    for content in ('1', '2'):
        with atomic_folder(out) as part:
            (part / content).touch()
            assert not (out / content).exists()
        assert names(out) == [content]
    assert names(out.parent) == ['out']


def test_an_error_leaves_the_old_one(tmp_path):
    out = tmp_path / 'out'
    out.mkdir()
    (out / 'kept').touch()
    with pytest.raises(RuntimeError), atomic_folder(out) as part:
        (part / 'half').touch()
        raise RuntimeError
    assert names(tmp_path) == ['out']
    assert names(out) == ['kept']


def test_tidies_after_a_killed_run_only(tmp_path):
    ended = subprocess.Popen([sys.executable, '-c', ''])
    ended.wait()
    dead, alive = ended.pid, os.getppid()
    for name in (f'.out.{dead}.part', f'.out.{alive}.part', f'.other.{dead}.part', 'out.1.part'):
        (tmp_path / name).mkdir()
    (tmp_path / f'.out.{dead}.old').mkdir()
    (tmp_path / f'.out.{dead}.old' / 'last').touch()
    with pytest.raises(RuntimeError), atomic_folder(tmp_path / 'out'):
        raise RuntimeError
    assert names(tmp_path) == [f'.other.{dead}.part', f'.out.{alive}.part', 'out', 'out.1.part']
    assert names(tmp_path / 'out') == ['last']


def test_the_old_folder_is_found_between_the_two_renames(tmp_path):
    out = tmp_path / 'out'
    assert moved_aside(out) is None
    aside = tmp_path / f'.out.{os.getpid()}.old'
    aside.mkdir()
    assert moved_aside(out) == aside
    out.mkdir()
    assert moved_aside(out) is None


def test_a_file_takes_the_place_of_the_old_one(tmp_path):
    path = tmp_path / 'new' / 'a.txt'
    for content in ('1', '2'):
        with atomic_file(path) as temporary:
            temporary.write_text(content)
            assert temporary.suffix == '.txt' and temporary.name.startswith('.')
        assert path.read_text() == content
    assert names(path.parent) == ['a.txt']


def test_an_error_leaves_the_old_file(tmp_path):
    (tmp_path / 'a').write_text('kept')
    with pytest.raises(RuntimeError), atomic_file(tmp_path / 'a') as temporary:
        temporary.write_text('half')
        raise RuntimeError
    assert (tmp_path / 'a').read_text() == 'kept'
    assert names(tmp_path) == ['a']


KILLED = """
import os, signal, sys
from pir_mm.files.writing import atomic_file
with atomic_file(sys.argv[1]) as temporary:
    temporary.write_text('half')
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_leaves_the_old_file(tmp_path):
    (tmp_path / 'a').write_text('kept')
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    subprocess.run([sys.executable, '-c', KILLED, str(tmp_path / 'a')], env=environment)
    assert (tmp_path / 'a').read_text() == 'kept'
    assert len(names(tmp_path)) == 2  # the half lies under another name


def test_text_keeps_its_line_ends_and_json_its_letters(tmp_path):
    write_text(tmp_path / 'a.csv', 'ä\r\n')
    assert (tmp_path / 'a.csv').read_bytes() == 'ä\r\n'.encode()
    write_json(tmp_path / 'a.json', {'ä': [1, 2]}, indent=None)
    assert (tmp_path / 'a.json').read_text(encoding='utf-8') == '{"ä":[1,2]}\n'
    write_json(tmp_path / 'a.json', {'ä': 1}, indent=2)
    assert (tmp_path / 'a.json').read_text(encoding='utf-8') == '{\n  "ä": 1\n}\n'
