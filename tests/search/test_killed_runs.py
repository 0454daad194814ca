"""Whatever ends a run, and whoever reads meanwhile, the index is whole.

Each picture has a vector that its name decides, so that every answer can be checked.
"""

import os
import random
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from pir_mm.search import (
    EmbeddingIndex,
    IndexWriter,
    index_writer,
    tile_table,
    tile_writer,
    vector_file,
)
from pir_mm.search.footprint_file import write_footprints
from pir_mm.search.index_card import IndexCard
from tests.search.filling import put

WIDTH = 16
pytestmark = pytest.mark.skipif(not hasattr(os, 'fork'), reason='this system cannot fork')


def vector_of(name):
    vector = np.random.default_rng(int(Path(name).name)).normal(size=WIDTH)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def add(folder, numbers, batch=3, finish=True):
    names = [f'/archive/{number}' for number in numbers]
    with IndexWriter.opened(folder) as writer:
        known = {row.path for row in writer.known_sources()}
        names = [name for name in names if name not in known]
        if names:
            put(writer, names, np.stack([vector_of(name) for name in names]), batch, finish=False)
        if finish:
            writer.finish()


def remove(folder, numbers):
    with IndexWriter.opened(folder) as writer:
        writer.remove([f'/archive/{number}' for number in numbers])
        writer.finish()


def numbers_of(folder):
    """The numbers of all pictures, after a check that each has its own vector."""
    index = EmbeddingIndex(folder)
    tiles = index.tiles(index.ids)
    names = [Path(tile.source).name for tile in tiles]
    assert len(set(names)) == len(names) == len(index)
    if names:
        wanted = np.stack([vector_of(name) for name in names])
        np.testing.assert_array_equal(index.store.vectors(index.ids), wanted)
        some = slice(None, None, max(1, len(names) // 7))
        np.testing.assert_array_equal(index.search(wanted[some], 1).ids[:, 0], index.ids[some])
    index.close()
    return sorted(map(int, names))


def forked(work, *arguments):
    """Run in a child process, which never comes back; its number."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work(*arguments)
            status = 0
        finally:
            os._exit(status)
    return child


def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)


def then_die(function, times=1):
    """Do it, the last of ``times`` times, and die."""
    left = [times]

    def wrapped(*arguments, **options):
        done = function(*arguments, **options)
        left[0] -= 1
        if left[0] == 0:
            die()
        return done

    return wrapped


MOMENTS = {
    'the table is made': (tile_table.TileTable, 'set_note', 1),
    'the model is noted': (IndexWriter, 'set_model', 1),
    'vectors are written, not noted': (vector_file.VectorFile, 'append', 2),
    'tiles are noted, not committed': (tile_table.TileTable, 'add_tiles', 2),
    'a batch is committed': (tile_writer.TileWriter, 'add', 2),
    'the card of a first run is written': (IndexCard, 'write', 1),
    'footprints are written': (index_writer, 'write_footprints', 1),
}


@pytest.mark.parametrize('moment', MOMENTS)
@pytest.mark.parametrize('before', [0, 5])
def test_a_run_killed_at_the_worst_moment_loses_one_batch(tmp_path, monkeypatch, moment, before):
    folder = tmp_path / 'index'
    if before:
        add(folder, range(before))
    place, name, times = MOMENTS[moment]
    with monkeypatch.context() as patch:
        patch.setattr(place, name, then_die(getattr(place, name), times))
        _, status = os.waitpid(forked(add, folder, range(20)), 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    if before:
        assert set(range(before)) <= set(numbers_of(folder))
    add(folder, range(20))
    assert numbers_of(folder) == list(range(20))
    assert len(list((folder / 'vectors').iterdir())) == 1
    assert not [path for path in folder.iterdir() if path.name.startswith('.')]


COMPACTING = {
    'vectors are copied': (vector_file.VectorFile, 'append'),
    'the new file is noted': (tile_table.TileTable, 'put_segment'),
    'the old file is about to go': (Path, 'unlink'),
}


@pytest.mark.parametrize('moment', COMPACTING)
def test_compacting_may_be_killed(tmp_path, monkeypatch, moment):
    add(tmp_path / 'index', range(20))
    place, name = COMPACTING[moment]
    with monkeypatch.context() as patch:
        patch.setattr(place, name, die if name == 'unlink' else then_die(getattr(place, name)))
        _, status = os.waitpid(forked(remove, tmp_path / 'index', range(10)), 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert numbers_of(tmp_path / 'index') == list(range(10, 20))
    add(tmp_path / 'index', [30])
    assert numbers_of(tmp_path / 'index') == [*range(10, 20), 30]


def compact_files(folder):
    return sorted(path.name for path in (folder / 'vectors').iterdir())


def test_much_that_was_removed_is_compacted_and_little_is_not(tmp_path):
    folder = tmp_path / 'index'
    add(folder, range(20))
    before = compact_files(folder)
    remove(folder, range(5))
    assert compact_files(folder) == before
    reader = EmbeddingIndex(folder)
    remove(folder, [7])
    (after,) = compact_files(folder)
    assert [after] != before and numbers_of(folder) == [5, 6, *range(8, 20)]
    assert (folder / 'vectors' / after).stat().st_size == 14 * WIDTH * 4
    wanted = vector_of('7')[None]
    assert reader.tiles(reader.search(wanted, 1).ids[0])[0].source == '/archive/7'
    add(folder, [50, 51])
    remove(folder, range(8, 16))
    add(folder, [60])
    assert numbers_of(folder) == [5, 6, *range(16, 20), 50, 51, 60]


def test_many_files_of_vectors_become_one(tmp_path, monkeypatch):
    monkeypatch.setattr(tile_writer, 'SEGMENT_ROWS', 2)
    monkeypatch.setattr(index_writer, 'SEGMENTS', 4)
    add(tmp_path / 'index', range(8), batch=2)
    assert len(compact_files(tmp_path / 'index')) == 4
    add(tmp_path / 'index', range(11), batch=2)
    assert len(compact_files(tmp_path / 'index')) == 1
    assert numbers_of(tmp_path / 'index') == list(range(11))


def test_a_second_writer_is_refused_at_once(tmp_path):
    add(tmp_path / 'index', range(3))
    read, write = os.pipe()

    def hold(**options):
        with IndexWriter.opened(tmp_path / 'index', **options):
            os.write(write, b'x')
            time.sleep(60)

    for first in ({}, {'rebuild': True}):
        other = forked(lambda options=first: hold(**options))
        os.read(read, 1)
        for second in ({}, {'rebuild': True}):
            began = time.monotonic()
            with pytest.raises(
                ValueError, match='another run is writing .*index: wait for its end'
            ):
                with IndexWriter.opened(tmp_path / 'index', **second):
                    pass
            assert time.monotonic() - began < 5
        assert numbers_of(tmp_path / 'index') == [0, 1, 2]
        os.kill(other, signal.SIGKILL)
        os.waitpid(other, 0)
    add(tmp_path / 'index', range(5))
    assert numbers_of(tmp_path / 'index') == list(range(5))


def work_on(folder, seed, rounds):
    """Add, remove and compact at random."""
    draw = random.Random(seed)
    for _ in range(rounds):
        numbers = draw.sample(range(60), 12)
        if draw.random() < 0.5:
            remove(folder, numbers)
        else:
            add(folder, numbers, draw.randint(1, 5), finish=draw.random() < 0.8)


def test_readers_see_whole_indexes_while_a_writer_works(tmp_path):
    folder = tmp_path / 'index'
    add(folder, range(100, 110))
    kept = EmbeddingIndex(folder)
    writer, seen = forked(work_on, folder, 0, 12), 0
    while os.waitpid(writer, os.WNOHANG) == (0, 0):
        assert set(range(100, 110)) <= set(numbers_of(folder))
        seen += 1
    assert seen > 3
    assert [Path(tile.source).name for tile in kept.tiles(kept.ids)] == list(
        map(str, range(100, 110))
    )
    assert set(range(100, 110)) <= set(numbers_of(folder))


@pytest.mark.parametrize('rounds', [6, pytest.param(60, marks=pytest.mark.slow)])
def test_a_run_killed_at_any_moment_leaves_a_whole_index(tmp_path, rounds):
    folder = tmp_path / 'index'
    add(folder, range(100, 103))
    draw = random.Random(rounds)
    for seed in range(rounds):
        writer = forked(work_on, folder, seed, 100)
        time.sleep(draw.uniform(0.01, 0.6))
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
        assert {100, 101, 102} <= set(numbers_of(folder))
    add(folder, range(100))
    assert numbers_of(folder) == list(range(103))


def test_footprints_and_card_are_written_again_after_a_kill(tmp_path, monkeypatch):
    folder = tmp_path / 'index'
    add(folder, range(3))
    with monkeypatch.context() as patch:
        patch.setattr(index_writer, 'write_footprints', die)
        os.waitpid(forked(add, folder, range(6)), 0)
    assert numbers_of(folder) == list(range(6))
    asked = []

    def note(path, parts):
        asked.append(path)
        write_footprints(path, parts)

    monkeypatch.setattr(index_writer, 'write_footprints', note)
    add(folder, range(6))
    add(folder, range(6))
    assert len(asked) == 1
