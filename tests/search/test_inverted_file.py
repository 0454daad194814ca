"""The file beside an index: bounded recall, and nothing in it is believed before it is checked."""

import struct

import numpy as np
import pytest

from pir_mm.search import ExactStore
from pir_mm.search import inverted_file as module
from pir_mm.search.inverted_file import (
    HEADER,
    MAGIC,
    InvertedFile,
    number_of_lists,
    write_inverted_file,
)
from tests.search.filling import unit

ROWS, WIDTH, LISTS = 600, 16, 8
VECTORS = unit(ROWS, WIDTH, seed=0)


def store_of(vectors, *starts):
    store, edges = ExactStore(vectors.shape[1]), [0, *starts, len(vectors)]
    for first, last in zip(edges, edges[1:], strict=False):
        store.add(np.arange(first, last), vectors[first:last])
    return store


@pytest.fixture
def path(tmp_path):
    write_inverted_file(tmp_path / 'a.ivf', store_of(VECTORS, 100, 350), LISTS)
    return tmp_path / 'a.ivf'


@pytest.mark.parametrize(
    ('rows', 'lists'),
    [(0, 1), (1, 1), (16, 4), (200_000, 512), (1_000_000, 1024), (10**12, 1 << 16)],
)
def test_lists_grow_with_the_root_of_the_rows(rows, lists):
    assert number_of_lists(rows) == lists


def test_all_lists_hold_the_best_of_all(path):
    asked = unit(20, WIDTH, seed=1)
    proposed = InvertedFile(path, WIDTH, {10: LISTS}).propose(asked, 10)
    best = store_of(VECTORS).search(asked, 10).ids
    assert all(set(row) <= set(own) for row, own in zip(best, proposed, strict=True))


def test_more_lists_find_more(path):
    asked, found = unit(50, WIDTH, seed=1), []
    best = store_of(VECTORS).search(asked, 10).ids
    engine = InvertedFile(path, WIDTH)
    for lists in (1, 2, 4, LISTS):
        engine.widths = {10: lists}
        proposed = engine.propose(asked, 10)
        found.append(sum(len({*row} & {*own}) for row, own in zip(best, proposed, strict=True)))
    assert found[0] < found[1] < found[2] <= found[3] == 500


def test_only_what_is_allowed_is_proposed_and_more_lists_are_read_for_it(path):
    asked, where = unit(5, WIDTH, seed=1), np.arange(0, ROWS, 50)
    proposed = InvertedFile(path, WIDTH, {4: 1}).propose(asked, 4, where)
    assert {*proposed.ravel()} == {-1, *where}  # 8 lists in place of 1, for a fiftieth
    nothing = InvertedFile(path, WIDTH, {4: 1}).propose(asked, 4, np.array([], np.int64))
    assert {*nothing.ravel()} == {-1}


def test_the_width_for_more_results_is_taken_from_the_next_one_that_was_tried(path):
    engine = InvertedFile(path, WIDTH, {10: 1, 100: LISTS})
    near, far = (engine.propose(VECTORS[:1], k)[0] for k in (10, 11))
    assert len(near) < len(far)
    assert (far >= 0).sum() == len(far)
    assert engine.ladder(10) == [4, 8]


def test_removed_vectors_and_gaps_of_ids_do_no_harm(tmp_path):
    store = store_of(VECTORS, 100)
    store.add(np.array([5000, 9000]), VECTORS[:2])
    store.remove(np.arange(50, 200))
    write_inverted_file(tmp_path / 'b.ivf', store)
    engine = InvertedFile(tmp_path / 'b.ivf', WIDTH, {200: 999})
    proposed = engine.propose(VECTORS[:1], 200)[0]
    assert len(engine) == ROWS - 150 + 2
    assert {*proposed} == {-1, *store.ids}


def test_a_file_is_the_same_again_and_small(path, tmp_path):
    write_inverted_file(tmp_path / 'again.ivf', store_of(VECTORS), LISTS)
    assert (tmp_path / 'again.ivf').read_bytes() == path.read_bytes()
    assert path.stat().st_size < ROWS * (WIDTH + 8) + LISTS * (4 * WIDTH + 8 + 8 * 24) + 64 + 128


def test_one_vector_is_enough(tmp_path):
    write_inverted_file(tmp_path / 'one.ivf', store_of(VECTORS[:1]))
    assert InvertedFile(tmp_path / 'one.ivf', WIDTH, {1: 1}).propose(VECTORS[:1], 1)[0, 0] == 0


def put(path, offset, data):
    with open(path, 'r+b') as file:
        file.seek(offset)
        file.write(data)


def add_until_it_wraps(path):
    """Sizes whose bytes are a multiple of 2**64 too many, so that their sum seems to be right."""
    (size,) = struct.unpack('<q', path.read_bytes()[SIZES : SIZES + 8])
    put(path, SIZES, struct.pack('<q', size + 2**61))
    put(path, 24, struct.pack('<q', ROWS + 2**61))


SIZES = HEADER.size + 4 * WIDTH * (LISTS + 2)
HUGE = struct.pack('<q', 2**62)


@pytest.mark.parametrize(
    ('damage', 'told'),
    [
        (lambda p: p.unlink(), 'is absent'),
        (lambda p: p.write_bytes(b''), 'no inverted file of pir_mm'),
        (lambda p: p.write_bytes(b'IwSq' * 100), 'no inverted file of pir_mm'),
        (lambda p: put(p, 8, struct.pack('<q', 17)), 'vectors of width 17, not 16'),
        (lambda p: put(p, 16, struct.pack('<q', 0)), 'cannot have 0 lists'),
        (lambda p: put(p, 16, struct.pack('<q', -1)), 'cannot have -1 lists'),
        (lambda p: put(p, 16, HUGE), 'cannot have 4611686018427387904 lists'),
        (lambda p: put(p, 16, struct.pack('<q', 60_000)), 'cannot have 60000 lists'),
        (lambda p: put(p, 24, struct.pack('<q', ROWS + 1)), 'contradict each other'),
        (lambda p: put(p, HEADER.size, struct.pack('<f', np.nan)), 'contradict each other'),
        (lambda p: put(p, SIZES - 4, struct.pack('<f', np.inf)), 'contradict each other'),
        (lambda p: put(p, SIZES, struct.pack('<q', -8)), 'do not fill it'),
        (lambda p: put(p, SIZES, HUGE), 'do not fill it'),
        (lambda p: put(p, SIZES, HUGE * LISTS), 'do not fill it'),
        (add_until_it_wraps, 'do not fill it'),
        (lambda p: put(p, p.stat().st_size, b'x'), 'do not fill it'),
        (lambda p: p.write_bytes(p.read_bytes()[:-1]), 'do not fill it'),
        (lambda p: p.write_bytes(p.read_bytes()[: SIZES + 3]), 'cannot have 8 lists'),
    ],
)
def test_a_damaged_or_hostile_file_is_refused_before_it_is_mapped(path, monkeypatch, damage, told):
    damage(path)
    monkeypatch.setattr(module, '_faiss', lambda: pytest.fail('FAISS was asked'))
    with pytest.raises((ValueError, FileNotFoundError), match=f'{told}.*: index again, or with'):
        InvertedFile(path, WIDTH)


def test_ids_that_somebody_has_forged_only_name_nothing(path):
    put(path, path.stat().st_size - 8 * 8, struct.pack('<q', -(2**62)) * 8)
    proposed = InvertedFile(path, WIDTH, {600: LISTS}).propose(VECTORS[:1], 600, np.arange(ROWS))
    assert {*proposed[0]} <= {-1, *range(ROWS)}


def test_the_head_is_what_the_docstring_says(path):
    head = path.read_bytes()
    assert HEADER.size == 64 and head[:8] == MAGIC
    assert struct.unpack('<3q', head[8:32]) == (WIDTH, LISTS, ROWS)
    sizes = np.frombuffer(head[SIZES : SIZES + 8 * LISTS], '<i8')
    assert sizes.sum() == ROWS and (sizes > 0).all()
