"""An index of the old format keeps its vectors, and what it did not note is made anew."""

import json
import os

import numpy as np
import pyogrio
import pytest
from PIL import Image

from pir_mm.search import EmbeddingIndex, IndexWriter, convert_index, is_old_index
from tests.search.filling import unit

CONTENT = {
    'format': 1,
    'model': {
        'config': '../config.py',
        'checkpoint': None,
        'fingerprint': {
            'config_sha256': 'a' * 64,
            'weights_sha256': 'b' * 64,
            'width': 4,
            'pir_mm': '0.1.0',
            'vocab_sha256': '',
        },
    },
    'indexed': 4,
    'skipped': 1,
    'reasons': {},
    'skipped_files': [{'source': '/p/notes.txt', 'reason': 'not a picture: .txt ending'}],
}


def old_index(folder, sources, sizes, **change):
    """The three files as pir_mm 0.1 wrote them."""
    folder.mkdir()
    vectors = unit(len(sources), 4)
    np.save(folder / 'vectors.npy', vectors)
    (folder / 'index.json').write_text(json.dumps({**CONTENT, **change}))
    texts = [
        sources,
        [json.dumps([0, 0, *size]) for size in sizes],
        [None] * len(sources),
        [None] * len(sources),
    ]
    pyogrio.raw.write(
        folder / 'tiles.gpkg',
        geometry=np.full(len(sources), None, dtype=object),
        field_data=[np.arange(len(sources)), *(np.array(t, dtype=object) for t in texts)],
        fields=['id', 'source', 'window', 'crs', 'transform'],
        layer='tiles',
        driver='GPKG',
        geometry_type='MultiPolygon',
        crs='EPSG:4326',
    )
    return vectors


@pytest.fixture
def archive(tmp_path):
    """Four pictures: unchanged, large, changed since, gone."""
    sizes = [(9, 7), (1100, 5), (9, 7), (9, 7)]
    sources = [str(tmp_path / f'{name}.png') for name in ('a', 'large', 'later', 'gone')]
    for path, size in list(zip(sources, sizes, strict=True))[:3]:
        Image.new('RGB', size).save(path)
        os.utime(path, (1000, 1000))
    vectors = old_index(tmp_path / 'index', sources, sizes)
    os.utime(sources[2])
    os.utime(tmp_path / 'index' / 'index.json', (2000, 2000))
    return tmp_path / 'index', sources, vectors


def test_vectors_and_sources_are_kept(archive, tmp_path):
    folder, sources, vectors = archive
    assert is_old_index(folder)
    card = convert_index(folder)
    assert not is_old_index(folder)
    assert (card.indexed, card.sources) == (4, 4)
    assert [(s.source, s.reason) for s in card.skipped] == [
        ('/p/notes.txt', 'not a picture: .txt ending')
    ]
    index = EmbeddingIndex(folder)
    np.testing.assert_array_equal(index.store.vectors(index.ids), vectors)
    assert [tile.source for tile in index.tiles(index.ids)] == sources
    assert index.tiles([1])[0].window == (0, 0, 1100, 5)
    assert index.config == str(tmp_path / 'config.py') and index.checkpoint is None
    assert index.card.root == str(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ['index']


def test_only_what_is_as_it_would_be_today_needs_no_new_vector(archive):
    folder, sources, _ = archive
    convert_index(folder)
    with IndexWriter.opened(folder) as writer:
        known = {row.path: row.stamp for row in writer.known_sources()}
    now = os.stat(sources[0])
    assert (known[sources[0]].bytes, known[sources[0]].modified) == (now.st_size, now.st_mtime_ns)
    assert [known[path].bytes for path in sources[1:]] == [0, 0, 0]


def test_a_damaged_one_is_told_and_left(tmp_path):
    with pytest.raises(FileNotFoundError, match='holds no index of an older pir_mm'):
        convert_index(tmp_path / 'nowhere')
    old_index(tmp_path / 'short', ['/p/a.png'], [(4, 4)])
    with pytest.raises(ValueError, match=r'short is damaged: vectors.npy holds .* \(1, 4\)'):
        convert_index(tmp_path / 'short')
    old_index(tmp_path / 'other', ['/p/a.png'], [(4, 4)], format=7)
    with pytest.raises(ValueError, match='other is damaged: format 7 is not 1'):
        convert_index(tmp_path / 'other')
    old_index(tmp_path / 'cut', ['/p/a.png'], [(4, 4)], indexed=1)
    (tmp_path / 'cut' / 'tiles.gpkg').write_bytes(b'no database' * 99)
    with pytest.raises(ValueError, match='cut is damaged: file is not a database'):
        convert_index(tmp_path / 'cut')
    assert is_old_index(tmp_path / 'cut')
