"""A damaged or missing index is refused in words."""

import json
import pickle
import shutil

import numpy as np
import pytest

from pir_mm.search import EmbeddingIndex, IndexWriter, ModelFingerprint, Tile, embedding_index

MODEL = ModelFingerprint('a' * 64, 'b' * 64, 3, '0.1.0')


@pytest.fixture
def folder(tmp_path):
    with IndexWriter(tmp_path / 'index') as writer:
        tiles = [Tile(name, (0, 0, 4, 4)) for name in ('x', 'y', 'z')]
        writer.add(np.eye(3, dtype=np.float32), tiles)
        writer.finish(MODEL, None, None)
    return tmp_path / 'index'


def test_finds_the_nearest_and_tells_what_it_shows(folder):
    index = EmbeddingIndex(folder)
    ranking = index.search(np.array([[0.1, 0.9, 0.3]], dtype=np.float32), top_k=2)
    assert [tile.source for tile in index.tiles(ranking.ids[0])] == ['y', 'z']
    assert len(index) == 3


def test_a_missing_index_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no/where holds no index: index\.json is absent'):
        EmbeddingIndex(tmp_path / 'no' / 'where')


def test_the_other_model_is_refused_with_what_differs(folder):
    index = EmbeddingIndex(folder)
    index.refuse_other_model(MODEL)
    other = ModelFingerprint('a' * 64, 'c' * 64, 3, '0.1.0')
    with pytest.raises(ValueError, match=r'another model.*: weights \(sha256 b+ against c+\)'):
        index.refuse_other_model(other)


def test_vectors_that_do_not_fit_the_card_are_noticed(folder):
    np.save(folder / 'vectors.npy', np.eye(3, dtype=np.float32)[:2])
    with pytest.raises(ValueError, match='is damaged: .* 3 vectors of width 3, .* holds 2 of 3'):
        EmbeddingIndex(folder)
    np.save(folder / 'vectors.npy', np.ones((3, 5), dtype=np.float32))
    with pytest.raises(ValueError, match='is damaged: .* holds 3 of 5'):
        EmbeddingIndex(folder)


def test_tiles_that_do_not_fit_are_noticed(folder, tmp_path):
    with IndexWriter(tmp_path / 'small') as writer:
        writer.add(np.eye(3, dtype=np.float32)[:1], [Tile('x', (0, 0, 4, 4))])
        writer.finish(MODEL, None, None)
    shutil.copy(tmp_path / 'small' / 'tiles.gpkg', folder / 'tiles.gpkg')
    with pytest.raises(ValueError, match=r'tiles\.gpkg 1 features'):
        EmbeddingIndex(folder)


class Hostile:
    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, 'w')


def test_vectors_are_never_unpickled(folder, tmp_path):
    (folder / 'vectors.npy').write_bytes(pickle.dumps(Hostile(tmp_path / 'harm')))
    with pytest.raises(ValueError, match=r'vectors\.npy holds no vectors'):
        EmbeddingIndex(folder)
    assert not (tmp_path / 'harm').exists()


def test_a_file_without_vectors_is_named(folder):
    np.save(folder / 'vectors.npy', np.array([{'a': 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match=r'vectors\.npy holds no vectors'):
        EmbeddingIndex(folder)
    (folder / 'vectors.npy').write_bytes(b'')
    with pytest.raises(ValueError, match=r'vectors\.npy holds no vectors'):
        EmbeddingIndex(folder)
    (folder / 'vectors.npy').unlink()
    with pytest.raises(ValueError, match=r'vectors\.npy holds no vectors'):
        EmbeddingIndex(folder)
    np.save(folder / 'vectors.npy', np.eye(3))
    with pytest.raises(ValueError, match=r'vectors\.npy.*float64'):
        EmbeddingIndex(folder)


def test_a_wrong_card_is_named(folder):
    card = json.loads((folder / 'index.json').read_text())
    card['indexed'] = 4
    (folder / 'index.json').write_text(json.dumps(card))
    with pytest.raises(ValueError, match='4 vectors of width 3'):
        EmbeddingIndex(folder)


def write(folder, names):
    with IndexWriter(folder) as writer:
        tiles = [Tile(name, (0, 0, 4, 4)) for name in names]
        writer.add(np.eye(3, dtype=np.float32), tiles)
        writer.finish(MODEL, None, None)


def test_an_open_index_keeps_what_it_opened(folder):
    index = EmbeddingIndex(folder)
    write(folder, 'ZYX')
    ranking = index.search(np.eye(3, dtype=np.float32)[:1], top_k=1)
    assert [tile.source for tile in index.tiles(ranking.ids[0])] == ['x']
    assert EmbeddingIndex(folder).tiles([0])[0].source == 'Z'


def test_files_of_two_indexes_are_never_mixed(folder, monkeypatch):
    """Another index takes the name after the card was read."""
    pending = ['ZYX']
    opened = embedding_index.map_store

    def write_then_open(path):
        if pending:
            write(folder, pending.pop())
        return opened(path)

    monkeypatch.setattr(embedding_index, 'map_store', write_then_open)
    read = EmbeddingIndex._open
    cards = []
    monkeypatch.setattr(
        EmbeddingIndex, '_open', lambda self, place: cards.append(place) or read(self, place)
    )
    index = EmbeddingIndex(folder)
    assert len(cards) == 2
    assert index.tiles([0])[0].source == 'Z'
