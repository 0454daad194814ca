import os

import pytest
from mmengine.fileio import get_file_backend

from pir_mm.engine.atomic_backend import AtomicBackend


def test_is_found_by_its_name():
    assert isinstance(get_file_backend(backend_args={'backend': 'pir_mm.atomic'}), AtomicBackend)


def test_writes_what_it_is_given_and_leaves_nothing_else(tmp_path):
    AtomicBackend().put(b'weights', tmp_path / 'new' / 'a.pth')
    assert (tmp_path / 'new' / 'a.pth').read_bytes() == b'weights'
    assert os.listdir(tmp_path / 'new') == ['a.pth']


def test_a_write_that_dies_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / 'a.pth'
    path.write_bytes(b'old')

    def die(*_):
        raise OSError('no space left')

    monkeypatch.setattr(os, 'fsync', die)
    with pytest.raises(OSError, match='no space'):
        AtomicBackend().put(b'new', path)
    assert path.read_bytes() == b'old'
    assert os.listdir(tmp_path) == ['a.pth']
