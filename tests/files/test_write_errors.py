"""What cannot be written is told in one sentence by its name, and no half file has that name."""

import errno
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from pir_mm.files import write_errors as module
from pir_mm.files.write_errors import FullDiskError, full_disk, telling_write_errors
from pir_mm.files.writing import atomic_file, atomic_folder
from tests.conftest import ROOT

SAID = {
    errno.ENOSPC: 'the disk is full',
    errno.EDQUOT: 'your share of the disk is used up',
    errno.EFBIG: 'the disk, or `ulimit -f`, allows no file of this size',
}


def left(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize('number', SAID)
@pytest.mark.parametrize('kind', [atomic_file, atomic_folder])
def test_what_was_there_stays_and_the_sentence_names_it(tmp_path, kind, number):
    out = tmp_path / 'deep' / 'out'
    with kind(out) as new:
        new.touch()
    with pytest.raises(FullDiskError) as error, kind(out):
        raise OSError(number, os.strerror(number))
    assert str(error.value) == (
        f'{SAID[number]}: {out} is not written; make room there and run the command again'
    )
    assert left(out.parent) == ['out']


def test_a_file_in_a_folder_is_named_once(tmp_path):
    with pytest.raises(FullDiskError) as error, atomic_folder(tmp_path / 'out') as folder:
        with atomic_file(folder / 'a.txt'):
            raise OSError(errno.ENOSPC, 'No space left on device')
    assert str(error.value).count('is not written') == 1
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    'other', [OSError(errno.EACCES, 'denied'), ValueError('a'), RuntimeError('b'), KeyError('c')]
)
def test_other_errors_are_left_as_they_are(tmp_path, monkeypatch, other):
    monkeypatch.setattr(module, 'ROOM', 1)
    with pytest.raises(type(other)) as error, atomic_file(tmp_path / 'a'):
        raise other
    assert error.value is other and left(tmp_path) == []


@pytest.mark.parametrize('kind', [atomic_file, atomic_folder])
def test_a_place_that_is_no_folder_is_told_by_name(tmp_path, kind):
    (tmp_path / 'a').touch()
    out = tmp_path / 'a' / 'deep' / 'out.csv'
    with pytest.raises(NotADirectoryError) as error, kind(out):
        raise AssertionError('nothing is to be written')
    assert str(error.value) == f'{out} cannot be written: Not a directory'


def test_a_name_that_is_a_folder_or_too_long_is_told(tmp_path):
    (tmp_path / 'b.csv').mkdir()
    for name, reason in (('b.csv', 'Is a directory'), ('c' * 300 + '.csv', 'File name too long')):
        with pytest.raises(OSError) as error, atomic_file(tmp_path / name) as temporary:
            temporary.touch()
        assert str(error.value) == f'{tmp_path / name} cannot be written: {reason}'
    assert left(tmp_path) == ['b.csv']


@pytest.mark.parametrize('number', [errno.EROFS, errno.EACCES])
def test_a_disk_that_may_only_be_read_is_told_by_the_name_that_was_asked(
    tmp_path, monkeypatch, number
):
    def refuse(path, *_, **__):
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Path, 'open', refuse)
    monkeypatch.setattr(Path, 'unlink', refuse)
    said = f'{tmp_path / "a.csv"} cannot be written: {os.strerror(number)}'
    with pytest.raises(OSError) as error, atomic_file(tmp_path / 'a.csv') as temporary:
        temporary.write_text('a')
    assert str(error.value) == said
    with pytest.raises(OSError) as error, atomic_file(tmp_path / 'a.csv'):
        raise RuntimeError('what a library says of it')
    assert str(error.value) == said


def test_a_file_that_is_read_meanwhile_is_not_the_one_that_is_written(tmp_path):
    with pytest.raises(FileNotFoundError) as error, atomic_file(tmp_path / 'a.csv'):
        (tmp_path / 'b.csv').read_text()
    assert error.value.filename.endswith('b.csv')


@pytest.mark.parametrize(('needs', 'number'), [(1, errno.ENOSPC), (3 * 2**20, errno.EFBIG)])
def test_an_error_in_words_of_a_library_is_tried(tmp_path, monkeypatch, needs, number):
    """The place need not be there yet; nothing is left of the trial."""
    written = []

    class Full:
        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def write(self, block):
            written.append(len(block))
            if sum(written) >= needs:
                raise OSError(number, os.strerror(number))

    opened = type(tmp_path).open
    monkeypatch.setattr(type(tmp_path), 'open', lambda *given: Full(opened(*given)))
    with pytest.raises(FullDiskError, match=SAID[number]):
        with telling_write_errors(tmp_path / 'new' / 'a', needs):
            raise RuntimeError('failed to commit')
    assert needs <= sum(written) <= needs + 2**20 and left(tmp_path) == []


def test_the_error_is_the_same_from_another_process():
    error = full_disk('a.bin')
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


LIMITED = """
import json, resource, sys
from pathlib import Path
import numpy as np
import torch
from pir_mm.apis.data.sharding import make_shards
from pir_mm.files.feature_store import FeatureStore
from pir_mm.files.writing import atomic_file
from pir_mm.search import EmbeddingIndex, IndexWriter, ModelFingerprint, Stamp, Tile

out, scenes = map(Path, sys.argv[1:])

def save():
    with atomic_file(out / 'w.pth') as temporary:
        torch.save({'a': torch.zeros(100_000)}, temporary)

def keep_features():
    store = FeatureStore(out / 'features', {'a': 1}, 1)
    store.write(range(1), [torch.zeros(1, 100_000)])

def index(width, rows):
    with IndexWriter.opened(out / 'index') as writer:
        writer.set_model(ModelFingerprint('a', 'b', width, '0.1.0'), None, None)
        writer.begin_source('/a.png', Stamp(), None)
        vectors = np.eye(1, width, dtype=np.float32).repeat(rows, axis=0)
        writer.add(vectors, [Tile('/a.png', (0, 0, 1, 1))] * rows)
        writer.finish()

said = {}
for name, limit, do in (
    ('weights', 50_000, save),
    ('features', 50_000, keep_features),
    ('vectors', 150_000, lambda: index(100, 1000)),
    ('tiles', 150_000, lambda: index(1, 5000)),
    ('shards', 50_000, lambda: make_shards(scenes, out / 'shards')),
):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        do()
    except OSError as error:
        said[name] = f'{type(error).__name__} {error}'
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
index(1, 5)
assert len(EmbeddingIndex(out / 'index')) == 5
print(json.dumps(said))
"""


def test_a_limit_of_the_system_is_told_by_all_who_write(scenes, tmp_path):
    command = [sys.executable, '-c', LIMITED, str(tmp_path), str(scenes)]
    environment = os.environ | {'PYTHONPATH': str(ROOT)}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200)
    assert ended.returncode == 0, ended.stderr[-2000:]
    said = json.loads(ended.stdout.splitlines()[-1])
    named = {
        'weights': 'w.pth',
        'features': 'features/00000.safetensors',
        'vectors': 'index/vectors',
        'tiles': 'index/tiles.sqlite',
        'shards': 'shards',
    }
    start = f'FullDiskError {SAID[errno.EFBIG]}: '
    for name, file in named.items():
        assert said[name].startswith(f'{start}{tmp_path / file}'), said[name]
    assert left(tmp_path) == ['features', 'index']  # the index that was written without a limit
    assert left(tmp_path / 'features') == ['features.json']
