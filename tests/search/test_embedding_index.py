"""An index that is opened stays as it was; a damaged or missing one is refused in words."""

import json
import os

import numpy as np
import pytest

from pir_mm.search import EmbeddingIndex, IndexWriter, ModelFingerprint, Tile, index_store
from tests.search.filling import fill, model, put, unit

EYE = np.eye(3, dtype=np.float32)


@pytest.fixture
def folder(tmp_path):
    fill(tmp_path / 'index', 'xyz', EYE)
    return tmp_path / 'index'


def sources(index, ids):
    return [tile.source for tile in index.tiles(ids)]


def test_finds_the_nearest_and_tells_what_it_shows(folder):
    index = EmbeddingIndex(folder)
    ranking = index.search(np.array([[0.1, 0.9, 0.3]], dtype=np.float32), top_k=2)
    assert sources(index, ranking.ids[0]) == ['/archive/y', '/archive/z']
    assert len(index) == 3 and index.ids.tolist() == [0, 1, 2]
    assert index.fingerprint == model(3)
    assert index.search(EYE[:1], 3, where=np.array([2])).ids.tolist() == [[2]]


def test_the_card_is_what_the_file_says(folder):
    card = EmbeddingIndex(folder).card
    content = json.loads((folder / 'index.json').read_text())
    assert (content['indexed'], content['sources']) == (card.indexed, card.sources) == (3, 3)
    assert content['root'] == card.root == '/archive'


def test_a_missing_index_is_named(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r'no/where holds no index: tiles\.sqlite is absent'
    ):
        EmbeddingIndex(tmp_path / 'no' / 'where')


def test_an_index_without_vectors_is_told(tmp_path):
    with IndexWriter.opened(tmp_path / 'index') as writer:
        with pytest.raises(FileNotFoundError, match='holds no vectors yet: index it to its end'):
            EmbeddingIndex(tmp_path / 'index')
        put(writer, ['/archive/a'], EYE[:1])
        writer.remove(['/archive/a'])
    with pytest.raises(ValueError, match='holds no tile: index some pictures first'):
        EmbeddingIndex(tmp_path / 'index').search(EYE[:1], 1)


def test_an_old_index_is_named_with_what_to_do(tmp_path):
    (tmp_path / 'index.json').write_text('{}')
    with pytest.raises(
        ValueError, match='older pir_mm: convert it with python tools/convert_index'
    ):
        EmbeddingIndex(tmp_path)


def test_the_other_model_is_refused_with_what_differs(folder):
    index = EmbeddingIndex(folder)
    index.refuse_other_model(model(3))
    other = ModelFingerprint('a' * 64, 'c' * 64, 3, '0.1.0')
    with pytest.raises(ValueError, match=r'another model.*: weights \(sha256 b+ against c+\)'):
        index.refuse_other_model(other)


def only_segment(folder):
    (file,) = (folder / 'vectors').iterdir()
    return file


def test_vectors_that_are_lost_are_noticed(folder):
    os.truncate(only_segment(folder), 2 * 3 * 4)
    with pytest.raises(ValueError, match='is damaged: it holds 2 of 3 vectors; index anew'):
        EmbeddingIndex(folder)
    only_segment(folder).unlink()
    with pytest.raises(FileNotFoundError, match='f32 is absent, which holds 3 vectors; index anew'):
        EmbeddingIndex(folder)


def test_a_table_that_is_damaged_is_told(folder):
    (folder / 'tiles.sqlite').write_bytes(b'rubbish' * 1000)
    with pytest.raises(ValueError, match='tiles.sqlite cannot be used: file is not a database'):
        EmbeddingIndex(folder)


def test_an_open_index_keeps_what_it_opened(folder):
    index = EmbeddingIndex(folder)
    with IndexWriter.opened(folder) as writer:
        writer.remove(['/archive/x'])
    fill(folder, 'XY', EYE[:2])
    assert sources(index, index.search(EYE, 1).ids[:, 0]) == [f'/archive/{n}' for n in 'xyz']
    again = EmbeddingIndex(folder)
    assert sources(again, again.search(EYE, 1).ids[:, 0]) == [f'/archive/{n}' for n in 'Xyz']


def test_an_open_index_keeps_what_it_opened_when_it_is_made_anew(folder):
    index = EmbeddingIndex(folder)
    fill(folder, 'ZYX', EYE, rebuild=True)
    assert sources(index, index.search(EYE[:1], 1).ids[0]) == ['/archive/x']
    assert sources(EmbeddingIndex(folder), [0]) == ['/archive/Z']


def test_files_of_two_indexes_are_never_mixed(folder, monkeypatch):
    """Another index takes the name after the table was read."""
    pending = ['ZYX']
    mapped = index_store.map_vectors

    def write_then_map(*arguments):
        if pending:
            fill(folder, pending.pop(), EYE, rebuild=True)
        return mapped(*arguments)

    monkeypatch.setattr(index_store, 'map_vectors', write_then_map)
    index = EmbeddingIndex(folder)
    assert sources(index, index.search(EYE[:1], 1).ids[0]) == ['/archive/Z']


def test_a_moved_archive_is_found_by_its_new_root(folder, tmp_path):
    with IndexWriter.opened(folder) as writer:
        put(writer, ['/archive/deep/a b.png'], EYE[:1])
    (tmp_path / 'new').mkdir()
    index = EmbeddingIndex(folder, root=tmp_path / 'new')
    assert sources(index, [0, 3]) == [f'{tmp_path}/new/x', f'{tmp_path}/new/deep/a b.png']
    with pytest.raises(FileNotFoundError, match='gone is no folder: give the place where /archive'):
        EmbeddingIndex(folder, root=tmp_path / 'gone')


def test_a_place_comes_back_with_its_tile(tmp_path):
    tile = Tile('/archive/a', (0, 0, 4, 4), is_whole=True)
    fill(tmp_path / 'index', 'a', unit(1, 3))
    assert EmbeddingIndex(tmp_path / 'index').tiles([0]) == [tile]
