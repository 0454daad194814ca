"""A store is asked for by name, and its recall is measured with sentences of the index's model."""

import json

import numpy as np
import pytest

from pir_mm.apis.search import index_pictures
from pir_mm.apis.search.probe_captions import probe_captions
from pir_mm.search import EmbeddingIndex
from pir_mm.search.candidate_store import CandidateStore


def test_the_sentences_that_come_with_the_package_all_differ():
    assert len(probe_captions()) == len(set(probe_captions())) == 200
    assert 'a satellite picture of a harbour' in probe_captions()


def test_faiss_is_measured_with_the_captions_that_are_given(colour_model, pictures, tmp_path):
    captions = ['red roofs', 'blue water', 'blue sea']
    out = tmp_path / 'index'
    card = index_pictures([pictures], colour_model, out, store='faiss', captions=captions)
    assert (card.store.asked, card.store.kind) == ('faiss', 'exact')  # four have no best ten
    for number in range(8):
        (pictures / f'{number}.png').write_bytes((pictures / 'red.png').read_bytes())
    card = index_pictures([pictures], colour_model, out, store='faiss', captions=captions)
    kept = json.loads((out / 'index.json').read_text())['store']
    assert (kept['asked'], kept['kind'], kept['rows']) == ('faiss', 'faiss', 12)
    assert card.store.sentence.endswith('finds 1.000 of the best 10, by 2 sentences')
    index = EmbeddingIndex(out)
    assert type(index.store) is CandidateStore
    index.store.exact_rows = 0
    red, blue = index.search(np.eye(3, dtype=np.float32)[[0, 2]], 1).ids[:, 0].tolist()
    assert [tile.source.split('/')[-1] for tile in index.tiles([red, blue])] == [
        'red.png',
        'blue.jpg',
    ]


def test_an_unknown_store_is_refused_before_anything_is_embedded(colour_model, pictures, tmp_path):
    with pytest.raises(ValueError, match='a store is auto, exact, faiss, the URL .* got lance'):
        index_pictures([pictures], colour_model, tmp_path / 'index', store='lance')
    assert colour_model.image_batches == [] and not (tmp_path / 'index').exists()
