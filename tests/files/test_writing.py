"""A folder that appears whole or not at all."""

import os
import subprocess
import sys

import pytest

from pir_mm.files.writing import replaced_folder


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_takes_the_place_of_the_old_one(tmp_path):
    out = tmp_path / 'deep' / 'out'
    for content in ('1', '2'):
        with replaced_folder(out) as part:
            (part / content).touch()
            assert not (out / content).exists()
        assert names(out) == [content]
    assert names(out.parent) == ['out']


def test_an_error_leaves_the_old_one(tmp_path):
    out = tmp_path / 'out'
    out.mkdir()
    (out / 'kept').touch()
    with pytest.raises(RuntimeError), replaced_folder(out) as part:
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
    with pytest.raises(RuntimeError), replaced_folder(tmp_path / 'out'):
        raise RuntimeError
    assert names(tmp_path) == [f'.other.{dead}.part', f'.out.{alive}.part', 'out', 'out.1.part']
    assert names(tmp_path / 'out') == ['last']
