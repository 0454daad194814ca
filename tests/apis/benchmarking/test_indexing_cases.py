"""The cases of indexing, on a few pictures: both sides agree, and other tiles are noticed."""

import numpy as np
import pytest

from pir_mm.apis.benchmarking import indexing_cases
from pir_mm.apis.benchmarking.contest import measure


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(indexing_cases, 'TILE', 64)


def test_a_folder_gives_what_a_loop_gives():
    assert measure(indexing_cases.embed_folder(32, 64), repeats=1)['equal']


def test_a_raster_gives_what_reading_it_whole_gives(small):
    result = measure(indexing_cases.embed_raster(256), repeats=1)
    assert result['equal'] and '16 tiles of 64 pixels' in result['against']


def test_tiles_in_another_order_are_noticed(small):
    contest = indexing_cases.embed_raster(256)
    assert not contest.equal(contest.ours()[::-1], contest.alternative())
    assert not contest.equal(contest.ours()[:-1], contest.alternative())


def test_the_tolerance_by_hand():
    """Of four tiles with orthogonal vectors, each swap of two costs 2 / 3 of a cosine of 1."""
    own = np.eye(4, dtype=np.float32)
    assert indexing_cases._same_tiles(own + 5, own)
    assert not indexing_cases._same_tiles(own[[1, 0, 2, 3]], own)
