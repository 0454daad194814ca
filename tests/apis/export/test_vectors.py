"""Files of an index's vectors hold each vector beside the tile that it shows."""

import csv
import json

import numpy as np
import pytest

from pir_mm.apis.export import vectors
from pir_mm.apis.export.vectors import export_vectors
from pir_mm.apis.search import embed_images, index_pictures, open_index
from pir_mm.search import Tiling


@pytest.fixture
def index(colour_model, pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(vectors, 'CHUNK', 3)
    index_pictures(
        [pictures], colour_model, tmp_path / 'index', tiling=Tiling(8, 2), precision='fp32'
    )
    index_pictures([], colour_model, tmp_path / 'index', remove=[pictures / 'red.png'])
    return open_index(tmp_path / 'index')


def test_numpy_and_its_table(index, tmp_path):
    assert export_vectors(index, tmp_path / 'out' / 'all.npy') == len(index) > 6
    found = np.load(tmp_path / 'out' / 'all.npy')
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, index.store.vectors(index.ids))
    with open(tmp_path / 'out' / 'all.csv', newline='', encoding='utf-8') as file:
        rows = list(csv.DictReader(file))
    assert [int(row['id']) for row in rows] == index.ids.tolist()
    for row, tile in zip(rows, index.tiles(index.ids.tolist()), strict=True):
        assert row['source'] == tile.source and 'red.png' not in row['source']
        assert tuple(int(row[n]) for n in ('column', 'row', 'width', 'height')) == tile.window


def test_parquet(index, colour_model, pictures, tmp_path):
    parquet = pytest.importorskip('pyarrow.parquet', reason='pip install "pir_mm[parquet]"')
    export_vectors(tmp_path / 'index', tmp_path / 'all.parquet')
    file = parquet.ParquetFile(tmp_path / 'all.parquet')
    assert file.num_row_groups == -(-len(index) // 3)
    table = file.read()
    assert table.column_names == ['id', 'source', 'column', 'row', 'width', 'height', 'vector']
    np.testing.assert_array_equal(
        np.array(table['vector'].to_pylist(), dtype=np.float32), index.store.vectors(index.ids)
    )
    assert table['id'].to_pylist() == index.ids.tolist()
    whose = json.loads(table.schema.metadata[b'pir_mm'])
    assert whose['weights_sha256'] == index.fingerprint.weights_sha256
    green = [i for i, s in enumerate(table['source'].to_pylist()) if s.endswith('green.png')]
    wanted = embed_images(colour_model, pictures / 'green.png')[0]
    np.testing.assert_allclose(table['vector'][green[0]].as_py(), wanted, atol=1e-6)


def test_another_ending_is_refused(index, tmp_path):
    with pytest.raises(ValueError, match='must end in .npy or .parquet'):
        export_vectors(index, tmp_path / 'all.txt')
