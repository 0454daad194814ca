"""An index appears whole, and an older one stays until then."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from pir_mm.files.full_disk import FullDiskError
from pir_mm.search import EmbeddingIndex, IndexWriter, ModelFingerprint, Tile, index_writer

ROOT = Path(__file__).resolve().parents[2]


def model(width):
    return ModelFingerprint('a' * 64, 'b' * 64, width, '0.1.0')


def fill(folder, rows, batch=3, width=4):
    vectors = np.eye(width, dtype=np.float32)[np.arange(rows) % width]
    tiles = [Tile(f'{i}.png', (0, 0, 1, 1)) for i in range(rows)]
    with IndexWriter(folder) as writer:
        for start in range(0, rows, batch):
            writer.add(vectors[start : start + batch], tiles[start : start + batch])
        writer.finish(model(width), None, None)
    return vectors


@pytest.mark.parametrize('rows', [1, 7, 1234])
@pytest.mark.parametrize('batch', [1, 5, 2000])
def test_what_is_added_is_found(tmp_path, rows, batch):
    vectors = fill(tmp_path / 'index', rows, batch)
    index = EmbeddingIndex(tmp_path / 'index')
    np.testing.assert_array_equal(index.store.vectors, vectors)
    assert [tile.source for tile in index.tiles([rows - 1, 0])] == [f'{rows - 1}.png', '0.png']


def test_vectors_are_a_plain_npy_file_mapped_into_memory(tmp_path):
    vectors = fill(tmp_path / 'index', 5)
    np.testing.assert_array_equal(np.load(tmp_path / 'index' / 'vectors.npy'), vectors)
    assert isinstance(EmbeddingIndex(tmp_path / 'index').store.vectors, np.memmap)


def test_a_new_index_takes_the_place_of_the_old(tmp_path):
    fill(tmp_path / 'index', 5)
    fill(tmp_path / 'index', 2)
    assert len(EmbeddingIndex(tmp_path / 'index')) == 2
    assert [path.name for path in tmp_path.iterdir()] == ['index']


def test_leaving_early_leaves_the_old_index_and_no_rubbish(tmp_path):
    fill(tmp_path / 'index', 5)
    with IndexWriter(tmp_path / 'index') as writer:
        writer.add(np.eye(4, dtype=np.float32), [Tile('x', (0, 0, 1, 1))] * 4)
    assert len(EmbeddingIndex(tmp_path / 'index')) == 5
    assert [path.name for path in tmp_path.iterdir()] == ['index']


def test_a_disk_that_is_full_leaves_the_old_index_and_no_lock(tmp_path, monkeypatch):
    fill(tmp_path / 'index', 5)
    full = OSError(errno.ENOSPC, 'No space left on device')
    for step in ('open', 'write_tiles', 'IndexCard'):
        with monkeypatch.context() as patch, pytest.raises(FullDiskError, match='/index'):
            patch.setattr(index_writer, step, Mock(side_effect=full), raising=False)
            fill(tmp_path / 'index', 2)
        assert len(EmbeddingIndex(tmp_path / 'index')) == 5
        assert [path.name for path in tmp_path.iterdir()] == ['index']
    fill(tmp_path / 'index', 2)
    assert len(EmbeddingIndex(tmp_path / 'index')) == 2


KILLED = """
import os, signal, sys
import numpy as np
from pir_mm.search import IndexWriter, Tile
from pir_mm.search import index_writer
from pathlib import Path

moment, folder = sys.argv[1:]
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
with IndexWriter(folder) as writer:
    writer.add(np.eye(4, dtype=np.float32), [Tile('new', (0, 0, 1, 1))] * 4)
    if moment == 'adding':
        die()
    if moment == 'tiles':
        index_writer.write_tiles = die
    rename = Path.rename
    def rename_once(self, target):
        rename(self, target)
        die()
    if moment == 'between renames':
        Path.rename = rename_once
    writer.finish(index_writer.ModelFingerprint('a', 'b', 4, '0.1.0'), None, None)
"""


@pytest.mark.parametrize('moment', ['adding', 'tiles', 'between renames'])
def test_a_killed_run_leaves_the_last_good_index(tmp_path, moment):
    fill(tmp_path / 'index', 5)
    command = [sys.executable, '-c', KILLED, moment, str(tmp_path / 'index')]
    run = subprocess.run(command, env={**os.environ, 'PYTHONPATH': str(ROOT)}, timeout=60)
    assert run.returncode == -signal.SIGKILL
    assert len(EmbeddingIndex(tmp_path / 'index')) == 5
    fill(tmp_path / 'index', 2)
    assert len(EmbeddingIndex(tmp_path / 'index')) == 2
    assert [path.name for path in tmp_path.iterdir()] == ['index']


def test_says_what_is_wrong_with_vectors(tmp_path):
    tile = Tile('a.png', (0, 0, 1, 1))
    with IndexWriter(tmp_path / 'index') as writer:
        with pytest.raises(ValueError, match=r'1 tiles need as many vectors, got \(4, 4\)'):
            writer.add(np.eye(4, dtype=np.float32), [tile])
        with pytest.raises(ValueError, match=r'a\.png: its vector has norm 2 instead of 1'):
            writer.add(np.array([[2.0, 0]]), [tile])
        with pytest.raises(ValueError, match='norm nan'):
            writer.add(np.array([[np.nan, 0]]), [tile])
        writer.add(np.array([[1.0, 0]]), [tile])
        with pytest.raises(ValueError, match='width 3 after some of 2'):
            writer.add(np.array([[1.0, 0, 0]]), [tile])
    with IndexWriter(tmp_path / 'index') as writer:
        with pytest.raises(ValueError, match='nothing to index'):
            writer.finish(model(4), None, None)


def test_never_replaces_what_is_no_index(tmp_path):
    (tmp_path / 'photos').mkdir()
    (tmp_path / 'photos' / 'a.jpg').touch()
    with pytest.raises(ValueError, match="photos holds 'a.jpg', so it is not an index"):
        IndexWriter(tmp_path / 'photos')
    fill(tmp_path / 'mine', 3)
    (tmp_path / 'mine' / 'tiles.gpkg.notes').touch()
    with pytest.raises(ValueError, match="mine holds 'tiles.gpkg.notes'"):
        IndexWriter(tmp_path / 'mine')
    (tmp_path / 'file').touch()
    with pytest.raises(ValueError, match="holds 'file'"):
        IndexWriter(tmp_path / 'file')
    (tmp_path / 'empty').mkdir()
    fill(tmp_path / 'empty', 3)
    assert len(EmbeddingIndex(tmp_path / 'empty')) == 3


HELD = """
import sys, time
from pir_mm.search import IndexWriter
with IndexWriter(sys.argv[1]):
    print('writing', flush=True)
    time.sleep(60)
"""


def test_a_second_writer_is_refused_at_once(tmp_path):
    fill(tmp_path / 'index', 5)
    command = [sys.executable, '-c', HELD, str(tmp_path / 'index')]
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == 'writing\n'
        with pytest.raises(ValueError, match='another run is writing .*index: wait for its end'):
            fill(tmp_path / 'index', 2)
        other.kill()
    assert len(EmbeddingIndex(tmp_path / 'index')) == 5
    fill(tmp_path / 'index', 2)
    assert [path.name for path in tmp_path.iterdir()] == ['index']
