"""Milvus behind an index: filled, topped up and emptied; the token goes where it may."""

import os
import sys

import numpy as np
import pytest

from pir_mm.search import EmbeddingIndex, ExactStore, IndexWriter, milvus_collection
from pir_mm.search.candidate_store import CandidateStore
from pir_mm.search.milvus_collection import MilvusCollection, new_collection
from pir_mm.search.store_note import is_milvus
from tests.search.filling import fill, put, unit

pytest.importorskip('pymilvus', reason='Milvus is not installed: pip install "pir_mm[milvus]"')
pytest.importorskip('milvus_lite', reason='milvus-lite is not installed')
WIDTH = 8


@pytest.mark.parametrize(
    ('asked', 'is_one'),
    [('http://h:19530', True), ('https://h', True), ('a/b.db', True), ('faiss', False)],
)
def test_a_url_or_a_local_file_names_it(asked, is_one):
    assert is_milvus(asked) == is_one


def test_an_index_is_served_topped_up_and_emptied(tmp_path, monkeypatch):
    monkeypatch.setattr(CandidateStore.__init__, '__defaults__', (0,))
    folder, file = tmp_path / 'index', tmp_path / 'milvus.db'
    vectors, asked = unit(60, WIDTH), unit(2, WIDTH, seed=9)
    names = [f'/archive/{number}' for number in range(60)]
    with IndexWriter.opened(folder) as writer:
        put(writer, names[:50], vectors[:50], finish=False)
        note = writer.finish(str(file)).store
    assert (note.asked, note.kind, note.covered) == ('../milvus.db', 'milvus', 50)
    assert note.widths[0].k == 10 and note.widths[0].recall >= 0.98
    with pytest.raises(ValueError, match=f'only if you trust it: set MILVUS_URI={file}'):
        EmbeddingIndex(folder)
    monkeypatch.setenv('MILVUS_URI', str(file))
    with IndexWriter.opened(folder) as writer:
        writer.remove(names[3:9])
        put(writer, names[50:], vectors[50:], finish=False)
        again = writer.finish().store
    assert (again.name, again.covered) == (note.name, 60)
    index = EmbeddingIndex(folder)
    proposed = index.store.engine.propose(asked, 10)
    assert {*range(50, 60)} & {*proposed.ravel()} and not {*range(3, 9)} & {*proposed.ravel()}
    for where in (None, np.arange(0, 60, 3)):
        wanted = index.exact.search(asked, 10, where).ids.tolist()
        assert index.search(asked, 10, where).ids.tolist() == wanted


@pytest.fixture
def collection(tmp_path):
    return MilvusCollection(
        str(tmp_path / 'm.db'), new_collection(), WIDTH, {5: 10}, make=True, is_named=True
    )


def exact(vectors):
    store = ExactStore(WIDTH)
    store.add(np.arange(len(vectors)), vectors)
    return store


def test_a_narrowed_search_goes_in_batches(collection, monkeypatch):
    monkeypatch.setattr(milvus_collection, 'IDS_AT_ONCE', 7)
    monkeypatch.setattr(milvus_collection, 'ROWS_AT_ONCE', 7)
    collection.put(exact(unit(40, WIDTH)))
    proposed = collection.propose(unit(2, WIDTH, seed=9), 5, np.arange(5, 25))
    assert all({*row} == {-1, *range(5, 25)} for row in proposed)


def test_what_is_put_twice_is_there_once(collection):
    for _ in range(2):
        collection.put(exact(unit(6, WIDTH)))
    assert sorted(collection.propose(unit(1, WIDTH), 5)[0]) == [-1, -1, -1, -1, -1, *range(6)]


def test_what_was_put_is_in_the_index(collection, tmp_path):
    collection.put(exact(unit(20_000, WIDTH)))
    data = [*tmp_path.rglob('data_*.parquet')]
    assert data and len([*tmp_path.rglob('*.idx')]) == len(data)


class Server:
    """A server that needs some questions until its index is there."""

    def __init__(self, answers):
        self.answers, self.rows = answers, []

    def upsert(self, name, rows):
        self.rows += rows

    def flush(self, name):
        pass

    def list_indexes(self, name):
        return ['_default_idx_101']

    def describe_index(self, name, index):
        state, pending = self.answers.pop(0)
        assert index == '_default_idx_101'
        return {
            'state': state,
            'total_rows': 6,
            'indexed_rows': 6 - pending,
            'pending_index_rows': pending,
        }


def put_on_server(collection, monkeypatch, *answers):
    monkeypatch.setattr(milvus_collection, 'SECONDS', 0.0)
    server = Server([*answers])
    monkeypatch.setattr(collection, '_client', server)
    monkeypatch.setattr(collection, 'url', 'http://milvus.example')
    collection.put(exact(unit(6, WIDTH)))
    return server


def test_the_index_of_a_server_is_waited_for(collection, monkeypatch):
    later = ('Finished', 2)
    server = put_on_server(
        collection, monkeypatch, ('InProgress', 6), ('Finished', 2), ('Finished', 0), later
    )
    assert server.answers == [later] and len(server.rows) == 6


def test_an_index_that_a_server_cannot_build_is_told(collection, monkeypatch):
    with pytest.raises(ValueError, match=r'Milvus at http.* cannot build the index of pir_mm_'):
        put_on_server(collection, monkeypatch, ('InProgress', 6), ('Failed', 6))


def test_another_width_or_no_collection_is_told(collection, tmp_path):
    with pytest.raises(ValueError, match='has vectors of width 8, not 4: index again'):
        MilvusCollection(collection.url, collection.name, 4, is_named=True)
    with pytest.raises(FileNotFoundError, match='has no collection pir_mm_0: index again'):
        MilvusCollection(collection.url, 'pir_mm_0', WIDTH, is_named=True)
    with pytest.raises(FileNotFoundError, match='gone.db is absent: index again'):
        MilvusCollection(str(tmp_path / 'gone.db'), 'pir_mm_0', WIDTH, is_named=True)
    assert not os.path.exists(tmp_path / 'gone.db')


class RefusedError(Exception):
    message = 'no route'


@pytest.fixture
def given(monkeypatch):
    """What a client of Milvus is given; no server is there."""
    given = {}

    class Library:
        MilvusException = RefusedError

        @staticmethod
        def MilvusClient(**options):  # noqa: N802
            given.update(options)
            raise RefusedError

    monkeypatch.setattr(milvus_collection, 'import_extra', lambda *names: Library)
    return given


URL = 'https://milvus.example:19530'


def test_the_token_is_sent_to_the_server_that_the_user_names(given, monkeypatch):
    monkeypatch.setenv('MILVUS_TOKEN', 'secret')
    with pytest.raises(ValueError, match='MILVUS_TOKEN is sent to .* only if you trust it: set'):
        MilvusCollection(URL, 'a', WIDTH)
    monkeypatch.setenv('MILVUS_URI', 'https://other.example')
    with pytest.raises(ValueError, match='only if you trust it'):
        MilvusCollection(URL, 'a', WIDTH)
    assert given == {}
    monkeypatch.setenv('MILVUS_URI', URL)
    with pytest.raises(ValueError, match='Milvus at https.*: no route; start it, check the URL'):
        MilvusCollection(URL, 'a', WIDTH)
    assert given == {'uri': URL, 'token': 'secret'}


def test_a_local_file_is_not_asked_whether_it_is_still_there(given, tmp_path):
    with pytest.raises(ValueError, match=r'a.db: no route'):
        MilvusCollection(str(tmp_path / 'a.db'), 'a', WIDTH, make=True, is_named=True)
    assert given['grpc_options']['grpc.keepalive_time_ms'] > 24 * 3600 * 1000


def test_a_missing_library_names_the_extra(tmp_path, monkeypatch):
    fill(tmp_path / 'index', 'ab')
    monkeypatch.setitem(sys.modules, 'pymilvus', None)
    with IndexWriter.opened(tmp_path / 'index') as writer:
        with pytest.raises(ModuleNotFoundError, match=r'pip install "pir_mm\[milvus\]"'):
            writer.finish('http://localhost:1')
