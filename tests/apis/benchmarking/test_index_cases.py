"""The cases of the index, on a few vectors: both sides agree, and a wrong answer is noticed."""

import re

import numpy as np
import pytest

from pir_mm.apis.benchmarking import index_cases
from pir_mm.apis.benchmarking.contest import measure
from pir_mm.search.candidate_store import CandidateStore
from pir_mm.structures.ranking import Ranking


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(index_cases, 'CLUSTERS', 20)
    monkeypatch.setattr(index_cases, 'TEXTS', 20)


def test_generated_vectors_are_the_same_again_and_texts_lie_apart():
    pictures, again = (np.concatenate(list(index_cases.generated(300, 1))) for _ in range(2))
    texts = np.concatenate(list(index_cases.generated(300, 1, is_text=True)))
    np.testing.assert_array_equal(pictures, again)
    assert pictures.dtype == np.float32 and pictures.shape == (300, index_cases.WIDTH)
    np.testing.assert_allclose(np.linalg.norm(pictures, axis=1), 1, atol=1e-5)
    assert (pictures @ pictures.T).mean() > (pictures @ texts.T).mean() + 0.2
    near = np.sort(texts @ pictures.T, axis=1)
    assert (near[:, -1] - near[:, 150]).mean() > 0.2  # each text has pictures near it


def test_the_exact_search_agrees_with_a_sort():
    assert measure(index_cases.exact(500), repeats=1)['equal']


def test_faiss_finds_what_comparing_all_finds_and_tells_what_it_took():
    result = measure(index_cases.faiss(600), repeats=1)
    assert result['equal']
    found = re.search(r'recall (\d\.\d+) at width \d+, built in \d+ s, \d+ MiB', result['against'])
    assert float(found[1]) >= 0.98


def test_milvus_does_so_too():
    pytest.importorskip('pymilvus', reason='Milvus is not installed')
    pytest.importorskip('milvus_lite', reason='milvus-lite is not installed')
    assert measure(index_cases.milvus(300), repeats=1)['equal']


def test_wrong_neighbours_are_noticed(monkeypatch):
    contest = index_cases.faiss(600)

    def wrong(store, queries, top_k, where=None):
        return Ranking(np.arange(top_k)[None], np.zeros((1, top_k)))

    monkeypatch.setattr(CandidateStore, 'search', wrong)
    assert not measure(contest, repeats=1)['equal']
