"""What serves an index: asked for, built when it pays, topped up, and never believed blindly."""

import json
import subprocess
import sys

import numpy as np
import pytest

from pir_mm.search import EmbeddingIndex, IndexWriter, StoreNote, index_store
from pir_mm.search.candidate_store import CandidateStore
from pir_mm.search.exact_store import ExactStore
from pir_mm.search.index_store import ANN, NOTE
from tests.search.filling import put, unit

WIDTH = 8
ASKED = unit(3, WIDTH, seed=9)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An index that FAISS serves from 300 vectors on, and that compares 20 one by one."""
    monkeypatch.setattr(index_store, 'PAYS_FROM', 300)
    monkeypatch.setattr(index_store, 'FRESH_ROWS', 20)
    monkeypatch.setattr(CandidateStore.__init__, '__defaults__', (20,))
    return tmp_path / 'index'


def names(first, last):
    return [f'/archive/{number}' for number in range(first, last)]


def update(folder, first=0, last=0, gone=(), store=None, queries=None, **options):
    """One run: pictures that are gone, then new ones, whose vector is drawn by their number."""
    with IndexWriter.opened(folder, **options) as writer:
        writer.remove(names_of(gone))
        put(writer, names(first, last), unit(last, WIDTH)[first:], finish=False)
        return writer.finish(store, queries).store


def names_of(numbers):
    return [f'/archive/{number}' for number in numbers]


def files(folder):
    return sorted(path.name for path in (folder / ANN).glob('*'))


def assert_finds_the_best(folder, vectors):
    """The index answers as a comparison with all that it has."""
    index, exact = EmbeddingIndex(folder), ExactStore(WIDTH)
    exact.add(np.array(sorted(vectors)), np.stack([vectors[i] for i in sorted(vectors)]))
    for top_k, where in ((1, None), (10, None), (99, None), (5, np.arange(0, 400, 2))):
        found = index.search(ASKED, top_k, where)
        assert found.ids.tolist() == exact.search(ASKED, top_k, where).ids.tolist()
    return index


def kept(*parts):
    vectors = unit(500, WIDTH)
    return {i: vectors[i] for part in parts for i in part}


@pytest.fixture(autouse=True)
def all_lists(monkeypatch):
    """A target that only a look through nearly all lists reaches, so that answers are exact."""
    monkeypatch.setattr(index_store.find_widths, '__defaults__', (1.0, (10, 100)))


def test_a_small_index_is_exact(folder):
    assert update(folder, 0, 299).sentence == 'exact search'
    assert type(EmbeddingIndex(folder).store) is ExactStore and files(folder) == []


def test_auto_takes_faiss_from_the_size_where_it_pays(folder):
    note = update(folder, 0, 300)
    assert (note.asked, note.kind, note.rows, note.covered) == ('auto', 'faiss', 300, 300)
    assert files(folder) == [f'{note.name}.ivf']
    index = assert_finds_the_best(folder, kept(range(300)))
    assert type(index.store) is CandidateStore and index.card.store == note
    assert json.loads((folder / 'index.json').read_text())['store']['name'] == note.name


def test_recall_is_measured_with_the_sentences_that_are_given_and_told(folder):
    note = update(folder, 0, 300, queries=lambda: np.concatenate([ASKED, ASKED[:1]]))
    assert note.queries == '3 sentences' and [w.k for w in note.widths] == [10, 100]
    assert note.sentence == (
        'search by FAISS, which finds 1.000 of the best 10, 1.000 of the best 100, by 3 sentences'
    )


def test_new_pictures_are_compared_until_they_are_many(folder):
    first = update(folder, 0, 300)
    assert update(folder, 300, 320).name == first.name
    assert_finds_the_best(folder, kept(range(320)))
    second = update(folder, 320, 321)
    assert second.name != first.name and files(folder) == [f'{second.name}.ivf']
    assert (second.rows, second.covered) == (321, 321)
    assert_finds_the_best(folder, kept(range(321)))


def test_what_is_removed_never_comes_back(folder):
    first = update(folder, 0, 400)
    assert update(folder, gone=range(10, 110)).name == first.name
    assert_finds_the_best(folder, kept(range(10), range(110, 400)))
    assert update(folder, gone=[0], store='faiss').name != first.name
    assert_finds_the_best(folder, kept(range(1, 10), range(110, 400)))


def test_each_store_is_had_by_asking_and_asked_for_until_another_is(folder):
    assert update(folder, 0, 40, store='faiss').kind == 'faiss'
    assert update(folder, 40, 41).asked == 'faiss'
    assert_finds_the_best(folder, kept(range(41)))
    assert update(folder, store='exact') == StoreNote('exact')
    assert files(folder) == []
    assert update(folder, 41, 400).kind == 'exact'
    assert update(folder, store='auto').kind == 'faiss'


def test_a_recall_that_is_too_low_leaves_the_exact_search(folder, monkeypatch):
    monkeypatch.setattr(index_store.find_widths, '__defaults__', (1.1, (10, 100)))
    note = update(folder, 0, 300)
    assert note.kind == 'exact' and files(folder) == []
    assert note.sentence.startswith('exact search: FAISS finds 1.000 of the best 10, by')
    monkeypatch.setattr(index_store, 'write_inverted_file', lambda *a: pytest.fail('tried again'))
    assert update(folder, 300, 301).kind == 'exact'
    assert_finds_the_best(folder, kept(range(301)))


def test_an_unknown_store_is_refused(folder):
    with pytest.raises(ValueError, match='a store is auto, exact, faiss, .* got lance'):
        update(folder, 0, 3, store='lance')


def test_a_lost_or_damaged_file_is_told_with_what_to_do(folder):
    note = update(folder, 0, 300)
    path = folder / ANN / f'{note.name}.ivf'
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ValueError, match=f'{note.name}.ivf is damaged.*index again, or with'):
        EmbeddingIndex(folder)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=f'{note.name}.ivf is absent: index again'):
        EmbeddingIndex(folder)
    assert update(folder).name != note.name
    assert_finds_the_best(folder, kept(range(300)))


@pytest.mark.parametrize(
    'change',
    [
        {'name': '../../../etc/passwd'},
        {'kind': 'pickle'},
        {'asked': 7},
        {'covered': '300'},
        {'widths': [{'k': 10, 'width': -1, 'recall': 1.0}]},
        {'widths': 3},
        {'surprise': 1},
    ],
)
def test_a_note_that_somebody_has_forged_is_refused(folder, change):
    note = update(folder, 0, 300).to_json()
    with IndexWriter.opened(folder) as writer, writer.table.transaction():
        writer.table.set_note(NOTE, {**note, **change})
    with pytest.raises(ValueError, match='the note of a store is damaged'):
        EmbeddingIndex(folder)


def test_another_process_finds_the_same_while_this_one_writes(folder):
    update(folder, 0, 300)
    code = (
        'import sys, numpy as np\n'
        'from pir_mm.search import EmbeddingIndex\n'
        'index = EmbeddingIndex(sys.argv[1])\n'
        'index.store.exact_rows = 20\n'
        'print("open", flush=True)\n'
        'sys.stdin.readline()\n'
        'asked = np.load(sys.argv[2])\n'
        'print(index.search(asked, 10).ids.tolist(), type(index.store).__name__)\n'
    )
    np.save(folder.parent / 'asked.npy', ASKED)
    before = EmbeddingIndex(folder).search(ASKED, 10).ids.tolist()
    with subprocess.Popen(
        [sys.executable, '-c', code, folder, folder.parent / 'asked.npy'],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as reader:  # fmt: skip
        assert reader.stdout.readline() == 'open\n'
        update(folder, 300, 400, gone=np.unique(before))
        told = reader.communicate('\n')[0]
    assert told == f'{before} CandidateStore\n'
    left = sorted({*range(400)} - {*np.unique(before)})
    assert_finds_the_best(folder, kept(left))


def test_a_run_that_is_broken_off_leaves_what_was_there(folder, monkeypatch):
    first = update(folder, 0, 300)

    def broken(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(index_store, 'find_widths', broken)
    with pytest.raises(KeyboardInterrupt):
        update(folder, 300, 400)
    monkeypatch.undo()
    assert EmbeddingIndex(folder).card.store == first
    assert len(files(folder)) == 2
    note = update(folder, store='faiss')
    assert files(folder) == [f'{note.name}.ivf']
