"""Rows of any length come back as they were, and leave no file behind."""

import pytest
import torch

from pir_mm.files.scratch_rows import ScratchRows


def rows_of(lengths, width=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(length, width, generator=generator) for length in lengths]


@pytest.mark.parametrize('lengths', [[1], [2, 5, 1], [4, 4, 4]])
def test_rows_come_back_in_bfloat16_and_padded(lengths):
    rows, store = rows_of(lengths), ScratchRows()
    store.append(rows)
    asked = torch.tensor([len(rows) - 1, 0, 0])
    values, mask = store.padded(asked)
    longest = max(lengths[-1], lengths[0])
    assert values.shape == (3, longest, 3) and values.dtype == torch.bfloat16
    for row, own, shown in zip(asked.tolist(), values, mask, strict=True):
        assert shown.tolist() == [place < lengths[row] for place in range(longest)]
        assert torch.equal(own[shown], rows[row].bfloat16())
    assert len(store) == len(lengths)


def test_what_is_added_later_is_read_too():
    first, second, store = rows_of([2]), rows_of([3, 1], seed=1), ScratchRows()
    store.append(first)
    assert torch.equal(store.padded(torch.tensor([0]))[0][0], first[0].bfloat16())
    store.append(second)
    values, mask = store.padded(torch.tensor([1, 0]))
    assert torch.equal(values[0], second[0].bfloat16())
    assert torch.equal(values[1][mask[1]], first[0].bfloat16())


def test_the_file_has_no_name_and_vanishes(tmp_path, monkeypatch):
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    store = ScratchRows()
    store.append(rows_of([5]))
    values, _ = store.padded(torch.tensor([0]))
    assert list(tmp_path.iterdir()) == []
    del store
    assert values.isfinite().all()


def test_refuses_rows_of_another_width():
    store = ScratchRows()
    store.append(rows_of([2]))
    with pytest.raises(ValueError, match=r'rows must be \(l, 3\), got \(2, 4\)'):
        store.append(rows_of([2], width=4))
    with pytest.raises(ValueError, match=r'rows must be \(l, D\), got \(4,\)'):
        ScratchRows().append([torch.zeros(4)])
