"""A search needs vectors of queries, whoever makes them, and no torch."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pir_mm.querying import JoinedQuery, VectorSearcher
from pir_mm.search import EmbeddingIndex, TileFilter
from pir_mm.structures.ranking import Ranking
from tests.conftest import ROOT
from tests.search.filling import fill

OTHERS = [f'{colour} {number}' for colour in ('red', 'green', 'blue') for number in range(20)]


@pytest.fixture
def searcher(embedder, tmp_path):
    vectors = np.array([[1, 0, 0], [0.6, 0.8, 0], [0, 0, 1]], dtype=np.float32)
    fill(tmp_path / 'index', ['red.png', 'brown.png', 'blue.png'], vectors)
    return VectorSearcher(tmp_path / 'index', embedder, background=OTHERS)


def found(result):
    return [(Path(hit.tile.source).stem, round(hit.score, 4)) for hit in result.hits]


def test_ranks_filters_cuts_and_tells_the_percentile(searcher, pictures, embedder):
    assert found(searcher.search('a red roof')) == [('red', 1), ('brown', 0.6), ('blue', 0)]
    assert found(searcher.search('green', min_score=0.5)) == [('brown', 0.8)]
    where = TileFilter(where="name != 'red.png'")
    some = searcher.search('red', where=where)
    assert found(some) == [('brown', 0.6), ('blue', 0)]
    # the best of red is 0.6, of green 0.8, of blue 1; equal ones count half
    assert [round(hit.percentile, 2) for hit in some.hits] == [16.67, 0]
    joined = JoinedQuery.of('red', more_like=pictures / 'blue.png')
    assert found(searcher.search(joined, top_k=2)) == [('red', 0.7071), ('blue', 0.7071)]
    assert embedder.loaded == [False, False, False, True]


def test_another_measure_may_rank_what_a_filter_allows(searcher):
    asked = []

    def second_stage(ids):
        asked.append(ids)
        return Ranking(np.array([[2, 0]]), np.array([[9.0, 5.0]])), ['read again']

    again = searcher.search('red', where=TileFilter(where='width = 4'), second_stage=second_stage)
    assert found(again) == [('blue', 9), ('red', 5)] and again.notes == ('read again',)
    assert asked[0].tolist() == [0, 1, 2] and again.hits[0].percentile is None
    searcher.search('red', where=TileFilter(since='2020'), second_stage=second_stage)
    assert len(asked) == 1  # there is nothing to rank


def test_the_background_is_one_of_the_arithmetic(searcher, embedder):
    searcher.search('red')
    texts = list(embedder.batches)
    again = VectorSearcher(EmbeddingIndex(searcher.index.folder), embedder, background=OTHERS)
    again.search('red')
    assert texts == [1, 60] and embedder.batches == [1, 60, 1]
    embedder.arithmetic = 'int8'
    VectorSearcher(searcher.index, embedder, background=OTHERS).search('red')
    assert embedder.batches[3:] == [1, 60]


def test_another_model_and_no_query_are_refused(searcher, embedder):
    with pytest.raises(ValueError, match='no query: give a sentence or a picture'):
        searcher.search()
    embedder.fingerprint = type(embedder.fingerprint)('a' * 64, 'c' * 64, 3, '0.1.0')
    with pytest.raises(ValueError, match='made by another model'):
        searcher.search('red')


def test_the_room_imports_no_torch():
    code = 'import sys, pir_mm.querying\nprint({"torch", "mmengine"} & set(sys.modules))'
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == 'set()\n', done.stderr[-2000:]
