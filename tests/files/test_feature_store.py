"""Features in blocks of rows, read by memory map."""

import pickle

import pytest
import torch
from safetensors.torch import load_file

from pir_mm.files import feature_store
from pir_mm.files.feature_store import FeatureStore

MADE_FROM = {'weights': 'a1', 'pictures': 'b2'}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(feature_store, 'ROWS', 4)


def numbers(rows, *shape):
    """Values that bfloat16 holds exactly."""
    return torch.arange(rows).view(-1, *([1] * len(shape))).expand(rows, *shape).float()


def fill(store):
    for block in store.missing():
        own = torch.tensor(list(block))
        store.write(block, [own.float().unsqueeze(1), numbers(len(block), 2, 3) + block.start])
    return store


@pytest.mark.parametrize('rows', [1, 4, 5, 9])
def test_each_row_comes_back_whatever_its_block(tmp_path, rows):
    store = fill(FeatureStore(tmp_path / 's', MADE_FROM, rows))
    assert store.missing() == []
    for row in range(rows):
        pooled, tokens = store.row(row)
        assert pooled.dtype == tokens.dtype == torch.bfloat16
        assert pooled.tolist() == [row] and torch.equal(tokens.float(), torch.full((2, 3), row))
    with pytest.raises(IndexError, match=f'row {rows} of'):
        store.row(rows)


def test_rows_of_different_lengths(tmp_path):
    store = FeatureStore(tmp_path / 's', MADE_FROM, 6)
    lengths = [2, 1, 3, 1, 4, 2]
    for block in store.missing():
        store.write_ragged(block, [torch.full((lengths[row], 2), row + 1e-5) for row in block])
    for row, length in enumerate(lengths):
        (states,) = store.row(row)
        assert torch.equal(states, torch.full((length, 2), row + 1e-5))


def test_the_card_says_what_they_were_made_from(tmp_path):
    fill(FeatureStore(tmp_path / 's', MADE_FROM, 9))
    assert (tmp_path / 's' / 'features.json').read_text().split() == [
        '{', '"rows":', '9,', '"weights":', '"a1",', '"pictures":', '"b2"', '}',
    ]  # fmt: skip


@pytest.mark.parametrize(
    ('made_from', 'rows', 'changed'),
    [
        (MADE_FROM | {'weights': 'c'}, 9, 'weights'),
        ({'weights': 'c', 'pictures': 'c'}, 9, 'weights, pictures'),
        (MADE_FROM, 8, 'rows'),
        (MADE_FROM | {'pipeline': 'x'}, 9, 'pipeline'),
        ({'weights': 'a1'}, 9, 'pictures'),
    ],
)
def test_features_of_something_else_are_refused_by_name(tmp_path, made_from, rows, changed):
    FeatureStore(tmp_path / 's', MADE_FROM, 9)
    with pytest.raises(ValueError, match=f'were made from other {changed} than this run has: rem'):
        FeatureStore(tmp_path / 's', made_from, rows)
    FeatureStore(tmp_path / 's', MADE_FROM, 9)


@pytest.mark.parametrize('content', ['', '[1]', '{"rows": 9'])
def test_a_damaged_card_is_refused(tmp_path, content):
    (tmp_path / 'features.json').write_text(content)
    with pytest.raises(ValueError, match='features.json is damaged: remove'):
        FeatureStore(tmp_path, MADE_FROM, 9)


def test_a_folder_of_other_files_is_left_alone(tmp_path):
    (tmp_path / 'thesis.tex').write_text('x')
    with pytest.raises(ValueError, match='holds files and no features.json: name another folder'):
        FeatureStore(tmp_path, MADE_FROM, 9)
    assert [path.name for path in tmp_path.iterdir()] == ['thesis.tex']


def test_a_computation_that_was_killed_goes_on_with_the_blocks_that_are_missing(
    tmp_path, monkeypatch
):
    store = FeatureStore(tmp_path / 's', MADE_FROM, 9)
    assert store.missing() == [range(0, 4), range(4, 8), range(8, 9)]
    store.write(range(4, 8), [numbers(4, 1)])
    with monkeypatch.context() as full, pytest.raises(RuntimeError):
        full.setattr(feature_store, 'save_file', fail_halfway)
        store.write(range(8, 9), [numbers(1, 1)])
    assert FeatureStore(tmp_path / 's', MADE_FROM, 9).missing() == [range(0, 4), range(8, 9)]
    assert len(list((tmp_path / 's').iterdir())) == 2


def fail_halfway(_, path):
    path.write_text('half')
    raise RuntimeError('no space left')


def test_rows_are_views_of_the_file_and_a_copy_opens_it_anew(tmp_path):
    store = fill(FeatureStore(tmp_path / 's', MADE_FROM, 9))
    first, again = store.row(5)[1], store.row(5)[1]
    assert first.data_ptr() == again.data_ptr()
    other = pickle.loads(pickle.dumps(store))
    assert len(pickle.dumps(store)) < 2000
    assert torch.equal(other.row(5)[1], first)
    block = load_file(tmp_path / 's' / '00001.safetensors')
    assert block['part1'].dtype == torch.bfloat16 and block['part1'].shape == (4, 2, 3)
