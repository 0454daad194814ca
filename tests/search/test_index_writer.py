"""What is added is found, what is removed is not, and nothing else is touched."""

import errno
import os
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pyogrio
import pytest

from pir_mm.files.write_errors import FullDiskError
from pir_mm.search import EmbeddingIndex, IndexWriter, Stamp, Tile, Tiling, part_writer
from pir_mm.search.vector_file import VectorFile
from tests.search.filling import fill, model, one_tile, put, unit


def names_of(folder):
    index = EmbeddingIndex(folder)
    return [Path(tile.source).name for tile in index.tiles(index.ids)]


def files(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize('rows', [1, 7, 234])
@pytest.mark.parametrize('batch', [1, 5, 2000])
def test_what_is_added_is_found(tmp_path, rows, batch):
    vectors = fill(tmp_path / 'index', [f'{n}.png' for n in range(rows)], batch=batch)
    index = EmbeddingIndex(tmp_path / 'index')
    np.testing.assert_array_equal(index.store.vectors(index.ids), vectors)
    assert [tile.source for tile in index.tiles([rows - 1, 0])] == [
        f'/archive/{rows - 1}.png',
        '/archive/0.png',
    ]
    assert index.search(vectors[-1:], 1).ids.tolist() == [[rows - 1]]


def test_the_folder_has_the_files_of_the_contract(tmp_path):
    fill(tmp_path / 'index', ['a', 'b'])
    wanted = ['footprints.gpkg', 'index.json', 'tiles.sqlite', 'vectors', 'writer.lock']
    assert files(tmp_path / 'index') == wanted
    assert files(tmp_path) == ['index']


def test_runs_add_to_one_file_of_vectors(tmp_path):
    vectors = unit(5, 4)
    fill(tmp_path / 'index', ['a', 'b'], vectors[:2])
    fill(tmp_path / 'index', ['c', 'd', 'e'], vectors[2:])
    (file,) = (tmp_path / 'index' / 'vectors').iterdir()
    np.testing.assert_array_equal(np.fromfile(file, '<f4').reshape(5, 4), vectors)
    assert names_of(tmp_path / 'index') == ['a', 'b', 'c', 'd', 'e']


def test_what_is_removed_is_not_found_and_the_rest_keeps_its_id(tmp_path):
    vectors = fill(tmp_path / 'index', ['a', 'b', 'c'])
    with IndexWriter.opened(tmp_path / 'index') as writer:
        writer.remove(['/archive/b', '/archive/never there'])
        card = writer.finish()
    index = EmbeddingIndex(tmp_path / 'index')
    assert (card.indexed, len(index)) == (2, 2)
    assert index.search(vectors[1:2], 3).ids.shape == (1, 2)
    assert index.tiles([2])[0].source == '/archive/c'
    fill(tmp_path / 'index', ['d'], vectors[1:2])
    assert names_of(tmp_path / 'index') == ['a', 'c', 'd']
    assert EmbeddingIndex(tmp_path / 'index').search(vectors[1:2], 1).ids.tolist() == [[3]]


def test_paths_beside_the_index_are_kept_relative_and_move_with_it(tmp_path):
    name = str(tmp_path / 'here' / 'photos' / 'a.png')
    with IndexWriter.opened(tmp_path / 'here' / 'index') as writer:
        put(writer, [name, '/elsewhere/b.png'], unit(2, 4))
        assert [row.path for row in writer.known_sources()] == [name, '/elsewhere/b.png']
    (tmp_path / 'here').rename(tmp_path / 'there')
    index = EmbeddingIndex(tmp_path / 'there' / 'index')
    moved = str(tmp_path / 'there' / 'photos' / 'a.png')
    assert [tile.source for tile in index.tiles([0, 1])] == [moved, '/elsewhere/b.png']


def test_what_is_known_of_files(tmp_path):
    with IndexWriter.opened(tmp_path / 'index') as writer:
        put(writer, ['/a/x.png'], unit(1, 4), finish=False)
        writer.begin_source('/a/y.txt', Stamp(5, 6), None)
        writer.end_source('/a/y.txt', reason='not a picture: .txt ending')
        writer.begin_source('/a/z.tif', Stamp(7, 8), one_tile('/a/z.tif'))
        assert writer.queued == 3
        card = writer.finish()
        assert writer.queued == 0
        x, y, z = writer.known_sources()
    assert (x.path, x.stamp, x.is_done) == ('/a/x.png', Stamp(1, 2), True)
    assert (y.reason, y.windows, z.is_done) == ('not a picture: .txt ending', 0, False)
    assert card.reasons == {'not a picture': 1} and card.sources == 1
    with IndexWriter.opened(tmp_path / 'index') as writer:
        assert writer.known_windows('/a/x.png') == {(0, 0, 4, 4)}
        writer.restamp({'/a/x.png': Stamp(1, 99, 'c' * 64)})
        assert writer.known_sources()[0].stamp == Stamp(1, 99, 'c' * 64)


def test_the_root_is_what_all_sources_share(tmp_path):
    with IndexWriter.opened(tmp_path / 'index') as writer:
        put(writer, ['/archive/a'], unit(1, 4))
        assert writer.finish().root == '/archive'
        writer.add_roots(['/archive/x/y', '/archive/z'])
        assert writer.finish().root == '/archive'
        writer.add_roots(['/other'])
        assert writer.finish().root == '/'


def test_another_way_of_cutting_is_refused(tmp_path):
    fill(tmp_path / 'index', ['a'], tiling=Tiling(64, 8))
    with IndexWriter.opened(tmp_path / 'index') as writer:
        assert (writer.tiling, writer.profile) == (Tiling(64, 8), 'auto')
    fill(tmp_path / 'index', ['b'], tiling=Tiling(64, 8), profile='auto')
    for other in ({'tiling': Tiling(65, 8)}, {'profile': 'percentile'}):
        with pytest.raises(
            ValueError, match=r'tiles of size 64, overlap 8 and profile auto: leave'
        ):
            fill(tmp_path / 'index', ['c'], **other)
    fill(tmp_path / 'index', ['c'], tiling=Tiling(65), rebuild=True)
    assert names_of(tmp_path / 'index') == ['c']


def test_another_model_is_refused(tmp_path):
    fill(tmp_path / 'index', ['a'])
    with pytest.raises(ValueError, match=r'another model.*width \(4 against 5\).*--rebuild'):
        fill(tmp_path / 'index', ['b'], unit(1, 5))
    assert names_of(tmp_path / 'index') == ['a']


def test_anew_takes_the_place_of_the_old(tmp_path):
    fill(tmp_path / 'index', 'abcde')
    fill(tmp_path / 'index', 'xy', unit(2, 7), rebuild=True)
    assert names_of(tmp_path / 'index') == ['x', 'y']
    assert files(tmp_path) == ['index']


def test_anew_that_ends_in_an_error_leaves_the_old(tmp_path):
    fill(tmp_path / 'index', 'abcde')
    with pytest.raises(KeyError), IndexWriter.opened(tmp_path / 'index', rebuild=True) as writer:
        put(writer, ['/archive/x'], unit(1, 4))
        raise KeyError
    assert names_of(tmp_path / 'index') == list('abcde')
    assert files(tmp_path) == ['index']


def test_leaving_early_keeps_what_was_added(tmp_path):
    with pytest.raises(KeyError), IndexWriter.opened(tmp_path / 'index') as writer:
        put(writer, ['/archive/x'], unit(1, 4), finish=False)
        writer.begin_source('/archive/y', Stamp(), one_tile('/archive/y'))
        raise KeyError
    assert names_of(tmp_path / 'index') == ['x']
    fill(tmp_path / 'index', 'y')
    assert names_of(tmp_path / 'index') == ['x', 'y']


def test_an_index_into_which_nothing_came_is_not_left_behind(tmp_path):
    with pytest.raises(KeyError), IndexWriter.opened(tmp_path / 'index'):
        raise KeyError
    assert files(tmp_path) == []


def test_a_disk_that_is_full_loses_one_batch(tmp_path, monkeypatch):
    fill(tmp_path / 'index', 'abc')
    full = OSError(errno.ENOSPC, 'No space left on device')
    for place, name in ((os, 'fsync'), (VectorFile, 'append')):
        with monkeypatch.context() as patch, pytest.raises(FullDiskError, match='index.*full|full'):
            patch.setattr(place, name, Mock(side_effect=full))
            fill(tmp_path / 'index', 'xy')
        assert names_of(tmp_path / 'index') == list('abc')
    fill(tmp_path / 'index', 'xy')
    assert names_of(tmp_path / 'index') == list('abcxy')


def test_after_a_batch_that_failed_the_next_stands_in_its_place(tmp_path, monkeypatch):
    vectors = unit(4, 4)
    with IndexWriter.opened(tmp_path / 'index') as writer:
        put(writer, ['/archive/a'], vectors[:1], finish=False)
        with monkeypatch.context() as patch, pytest.raises(KeyError):
            patch.setattr(writer.table, 'add_tiles', Mock(side_effect=KeyError))
            put(writer, ['/archive/b'], vectors[1:2], finish=False)
        put(writer, ['/archive/c', '/archive/d'], vectors[2:])
    index = EmbeddingIndex(tmp_path / 'index')
    assert [Path(tile.source).name for tile in index.tiles(index.ids)] == ['a', 'c', 'd']
    np.testing.assert_array_equal(index.store.vectors(index.ids), vectors[[0, 2, 3]])


def test_what_killed_runs_left_behind_is_removed(tmp_path):
    fill(tmp_path / 'index', 'abc')
    before = files(tmp_path / 'index' / 'vectors')
    left = (
        'vectors/0123.f32',
        '.footprints.77.gpkg',
        '.footprints.77.gpkg-journal',
        '.index.7.json',
    )
    for name in (*left, '.notes'):
        (tmp_path / 'index' / name).touch()
    with IndexWriter.opened(tmp_path / 'index'):
        assert files(tmp_path / 'index' / 'vectors') == before
    assert [name for name in files(tmp_path / 'index') if name.startswith('.')] == ['.notes']


def test_says_what_is_wrong_with_vectors(tmp_path):
    tile = Tile('/archive/a.png', (0, 0, 1, 1))
    with IndexWriter.opened(tmp_path / 'index') as writer:
        with pytest.raises(ValueError, match=r'1 tiles need as many vectors, got \(4, 4\)'):
            writer.add(np.eye(4, dtype=np.float32), [tile])
        with pytest.raises(ValueError, match=r'a\.png: its vector has norm 2 instead of 1'):
            writer.add(np.array([[2.0, 0]]), [tile])
        with pytest.raises(ValueError, match='norm nan'):
            writer.add(np.array([[np.nan, 0]]), [tile])
        writer.set_model(model(2), None, None)
        writer.begin_source(tile.source, Stamp(), one_tile(tile.source))
        writer.add(np.array([[1.0, 0]]), [tile])
        with pytest.raises(ValueError, match='width 3 after some of 2'):
            writer.add(np.array([[1.0, 0, 0]]), [tile])


def test_never_touches_what_is_no_index(tmp_path):
    (tmp_path / 'photos').mkdir()
    (tmp_path / 'photos' / 'a.jpg').touch()
    (tmp_path / 'file').touch()
    for name, inside in (('photos', 'a.jpg'), ('file', 'file')):
        with pytest.raises(ValueError, match=f"{name} holds '{inside}', so it is not an index"):
            fill(tmp_path / name, ['a'])
    fill(tmp_path / 'mine', ['a'])
    (tmp_path / 'mine' / 'notes.txt').touch()
    for options in ({}, {'rebuild': True}):
        with pytest.raises(ValueError, match="mine holds 'notes.txt'"):
            fill(tmp_path / 'mine', ['a'], **options)
    (tmp_path / 'empty').mkdir()
    fill(tmp_path / 'empty', ['a'])
    assert names_of(tmp_path / 'empty') == ['a']


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EROFS, 'Read-only file system')

    monkeypatch.setattr(Path, 'touch', refuse)
    with pytest.raises(OSError, match='index cannot be written: Read-only file system; choose'):
        fill(tmp_path / 'index', ['a'])


def test_a_moved_archive_keeps_its_vectors(tmp_path):
    vectors = unit(3, 4)
    fill(tmp_path / 'index', ['x', 'deep/y'], vectors[:2])
    (tmp_path / 'new').mkdir()
    with IndexWriter.opened(tmp_path / 'index') as writer:
        writer.move_root(tmp_path / 'new')
        assert writer.finish().root == str(tmp_path / 'new')
        with pytest.raises(
            FileNotFoundError, match='gone is no folder: give the place where .*new'
        ):
            writer.move_root(tmp_path / 'gone')
    index = EmbeddingIndex(tmp_path / 'index')
    moved = [str(tmp_path / 'new' / 'x'), str(tmp_path / 'new' / 'deep' / 'y')]
    assert [tile.source for tile in index.tiles([0, 1])] == moved
    layer = pyogrio.raw.read(tmp_path / 'index' / 'footprints.gpkg')[3]
    assert layer[1].tolist() == moved


def test_an_index_that_lost_all_its_tiles_keeps_its_model(tmp_path):
    fill(tmp_path / 'index', 'a')
    with IndexWriter.opened(tmp_path / 'index') as writer:
        writer.remove(['/archive/a'])
    with pytest.raises(ValueError, match='another model'):
        fill(tmp_path / 'index', 'b', unit(1, 7))
    vectors = fill(tmp_path / 'index', 'b')
    index = EmbeddingIndex(tmp_path / 'index')
    np.testing.assert_array_equal(index.store.vectors(index.ids), vectors)


def part(place, folder, names, vectors, done=True):
    with part_writer(place, folder) as writer:
        writer.set_model(model(vectors.shape[1]), None, None)
        for name, vector in zip(names, vectors, strict=True):
            writer.begin_source(name, Stamp(1, 2), one_tile(name))
            writer.end_source(name, empty=1, done=done)
            writer.add(vector[None], [Tile(name, (0, 0, 4, 4))])


def test_parts_of_other_processes_are_joined_under_the_next_ids(tmp_path):
    folder, vectors = tmp_path / 'index', unit(6, 4)
    with IndexWriter.opened(folder) as writer:
        put(writer, ['/archive/a'], vectors[:1], finish=False)
        part(folder, folder, ['/archive/b', '/archive/c'], vectors[1:3])
        assert len(EmbeddingIndex(folder)) == 1
        part(folder, folder, ['/archive/d'], vectors[3:4], done=False)
        writer.join_parts()
        writer.join_parts()
        put(writer, ['/archive/e'], vectors[4:5])
        # the parts come in the order of their random names
        undone = [row.path for row in writer.known_sources() if not row.is_done]
        assert undone == ['/archive/d'] and len(writer.known_sources()) == 5
        assert writer.table.without_data == 3
        writer.end_shared_sources(['/archive/d'])
        assert all(row.is_done for row in writer.known_sources())
    assert sorted(names_of(folder)) == list('abcde')
    index = EmbeddingIndex(folder)
    for name, vector in zip('abcde', vectors, strict=False):
        (tile,) = index.tiles(index.search(vector[None], 1).ids[0])
        assert tile.source == f'/archive/{name}'
    assert not (folder / 'parts').exists()


def test_parts_that_a_killed_run_left_are_joined_by_the_next_with_their_model(tmp_path):
    folder, vectors = tmp_path / 'index', unit(2, 4)
    with IndexWriter.opened(folder):
        part(folder, folder, ['/archive/b'], vectors[:1])
        (folder / 'parts' / 'broken off.sqlite').touch()
        (folder / 'parts' / 'rubbish.sqlite').write_bytes(b'no database' * 99)
    with IndexWriter.opened(folder) as writer:
        assert writer.fingerprint == model(4) and writer.table.count == 1
    assert names_of(folder) == ['b']
    with pytest.raises(ValueError, match='another model'):
        fill(folder, 'c', unit(1, 5))


def test_a_part_is_joined_once_whatever_happens_after(tmp_path, monkeypatch):
    folder = tmp_path / 'index'
    with IndexWriter.opened(folder) as writer:
        part(folder, folder, ['/archive/b'], unit(1, 4))
        with monkeypatch.context() as patch:
            patch.setattr('shutil.rmtree', lambda *_, **__: None)
            writer.join_parts()
    with IndexWriter.opened(folder):
        pass
    assert names_of(folder) == ['b'] and not (folder / 'parts').exists()
