"""Vectors that are written once are there, and rubbish behind them is cut off."""

import errno
import os

import numpy as np
import pytest

from pir_mm.files.write_errors import FullDiskError
from pir_mm.search.vector_file import VectorFile, map_vectors, new_name


def rows(count, width, seed=0):
    return np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)


@pytest.mark.parametrize('width', [1, 7])
@pytest.mark.parametrize('batch', [1, 4])
def test_what_is_appended_is_mapped(tmp_path, width, batch):
    vectors = rows(9, width)
    with VectorFile(tmp_path / 'a.f32', 0, width) as file:
        for start in range(0, 9, batch):
            file.append(vectors[start : start + batch])
    assert file.rows == 9
    np.testing.assert_array_equal(np.fromfile(tmp_path / 'a.f32', '<f4'), vectors.ravel())
    mapped = map_vectors(tmp_path / 'a.f32', 5, width)
    assert isinstance(mapped, np.memmap)
    np.testing.assert_array_equal(mapped, vectors[:5])


def test_what_does_not_count_is_written_over(tmp_path):
    vectors = rows(6, 3)
    with VectorFile(tmp_path / 'a.f32', 0, 3) as file:
        file.append(vectors[:4])
    with open(tmp_path / 'a.f32', 'ab') as file:
        file.write(b'half a row')
    before = map_vectors(tmp_path / 'a.f32', 3, 3)
    with VectorFile(tmp_path / 'a.f32', 3, 3) as file:
        file.append(vectors[4:])
    wanted = vectors[[0, 1, 2, 4, 5]]
    np.testing.assert_array_equal(map_vectors(tmp_path / 'a.f32', 5, 3), wanted)
    np.testing.assert_array_equal(before, vectors[:3])


def test_a_name_is_never_used_twice():
    assert len({new_name() for _ in range(1000)}) == 1000


def test_says_what_is_wrong(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match='a.f32 is absent, which holds 3 vectors'):
        map_vectors(tmp_path / 'a.f32', 3, 2)
    (tmp_path / 'a.f32').write_bytes(bytes(4 * 2 * 2 + 7))
    with pytest.raises(ValueError, match='a.f32 is damaged: it holds 2 of 3 vectors; index anew'):
        map_vectors(tmp_path / 'a.f32', 3, 2)

    def full(_):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(os, 'fsync', full)
    with VectorFile(tmp_path / 'b.f32', 0, 2) as file:
        with pytest.raises(FullDiskError, match='the disk is full: .*b.f32 is not written'):
            file.append(rows(1, 2))
    assert file.rows == 0
