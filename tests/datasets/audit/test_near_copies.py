"""Copies are found whatever was done to them, and other pictures are not."""

import pytest
import torch
from torch.testing import assert_close

from pir_mm.datasets.audit.near_copies import Descriptors, describe, find_near_copies, orient
from tests.datasets.audit.grounds import cut, grounds


def rows(descriptors, ids):
    return Descriptors(*(values[ids] for values in descriptors))


def pairs(found):
    return list(zip(found.query.tolist(), found.gallery.tolist(), strict=True))


def sizes_held(monkeypatch):
    """Shapes of the products that are held."""
    seen = []
    whole = torch.maximum

    def noted(a, b, out):
        seen.append(tuple(a.shape))
        return whole(a, b, out=out)

    monkeypatch.setattr(torch, 'maximum', noted)
    return seen


GROUNDS = grounds(12)


def test_orientations_by_hand():
    square = torch.tensor([[1, 2], [3, 4]])
    turned = [orient(square, o).flatten().tolist() for o in range(8)]
    assert turned[:4] == [[1, 2, 3, 4], [2, 4, 1, 3], [4, 3, 2, 1], [3, 1, 4, 2]]
    assert turned[4:] == [[2, 1, 4, 3], [1, 3, 2, 4], [3, 4, 1, 2], [4, 2, 3, 1]]


def test_a_descriptor_by_hand():
    """Left half dark, right half bright: a tiny picture of two values, of mean 0 and norm 1."""
    half = torch.zeros(1, 64, 64)
    half[:, :, 32:] = 100
    views = describe(half).views[0, 0].unflatten(0, (12, 12))
    assert_close(views[:, :5], torch.full((12, 5), -1 / 12), atol=5e-3, rtol=0)
    assert_close(views[:, 7:], torch.full((12, 5), 1 / 12), atol=5e-3, rtol=0)
    assert_close(describe(GROUNDS).views.norm(dim=-1), torch.ones(12, 3))


def test_a_picture_is_a_perfect_copy_of_itself():
    known = describe(GROUNDS)
    found = find_near_copies(known, known, threshold=0.75)
    assert pairs(found) == [(i, i) for i in range(12)]
    assert_close(found.score, torch.ones(12), atol=1e-3, rtol=0)
    assert found.orientation.tolist() == [0] * 12
    assert_close(found.zoom, torch.ones(12), atol=1e-3, rtol=0)


@pytest.mark.parametrize('count', [1, 12])
@pytest.mark.parametrize('orientation', range(8))
def test_a_turned_copy_is_found_and_its_orientation_told(orientation, count):
    back = {1: 3, 3: 1}.get(orientation, orientation)  # mirrorings undo themselves
    query = describe(orient(GROUNDS[:count], orientation))
    found = find_near_copies(query, describe(GROUNDS), threshold=0.75)
    assert pairs(found) == [(i, i) for i in range(count)]
    assert set(found.orientation.tolist()) == {back}
    assert_close(found.score, torch.ones(count), atol=1e-3, rtol=0)


@pytest.mark.parametrize('change', ['noise', 'bright', 'cut', 'shift', 'enlarge', 'all'])
def test_what_a_copy_may_have_gone_through(change):
    generator = torch.Generator().manual_seed(5)
    copies = GROUNDS.clone()
    if change in ('cut', 'all'):
        copies = cut(copies, 5, 3, 56)
    if change == 'shift':
        copies = cut(copies, 0, 3, 61)
    if change in ('noise', 'all'):
        copies = copies + 4 * torch.randn(copies.shape, generator=generator)
    if change in ('bright', 'all'):
        copies = (copies * 0.8 + 30).clamp(0, 255)
    query, gallery = describe(copies), describe(GROUNDS)
    if change == 'enlarge':
        query, gallery = gallery, describe(cut(GROUNDS, 4, 4, 56))
    found = find_near_copies(query, gallery, threshold=0.75)
    assert pairs(found) == [(i, i) for i in range(12)]


def test_other_pictures_are_no_copies():
    found = find_near_copies(describe(GROUNDS), describe(grounds(50, seed=1)), threshold=0.5)
    assert pairs(found) == []


def test_flat_pictures_match_by_their_faint_traces_only():
    """The same light, which falls off to one side, over grounds that hardly differ from grey."""
    light = torch.linspace(60, 140, 64)
    faint = light + 0.1 * GROUNDS
    found = find_near_copies(describe(faint[:6]), describe(faint), threshold=0.75)
    assert pairs(found) == [(i, i) for i in range(6)]


def test_a_picture_of_nothing_is_flat_and_no_copy():
    nothing = describe(torch.full((2, 64, 64), 90.0))
    assert nothing.flat.all() and not describe(GROUNDS).flat.any()
    assert pairs(find_near_copies(nothing, nothing, threshold=0.5)) == []


@pytest.mark.parametrize('chunk', [1, 5, 12, 100])
def test_chunks_find_what_the_whole_finds_and_are_no_larger(chunk, monkeypatch):
    known, query = describe(GROUNDS), describe(cut(GROUNDS, 4, 4, 56))
    whole = find_near_copies(query, known, threshold=0.5, candidates=3)
    held = sizes_held(monkeypatch)
    chunked = find_near_copies(query, known, threshold=0.5, candidates=3, chunk=chunk)
    assert pairs(chunked) == pairs(whole)
    assert_close(chunked.score, whole.score)
    assert max(columns for _, columns in held) == min(chunk, 12)


def test_each_query_stands_for_itself():
    known, order = describe(GROUNDS), torch.tensor([7, 0, 3])
    query = describe(cut(GROUNDS, 4, 4, 56))
    found = find_near_copies(rows(query, order), known, threshold=0.75)
    assert pairs(found) == [(0, 7), (1, 0), (2, 3)]


def test_candidates_bound_the_copies_of_a_picture():
    many = describe(GROUNDS[:1].expand(6, 64, 64))
    found = find_near_copies(rows(many, [0]), many, threshold=0.9, candidates=4)
    assert len(found.query) == 4


def test_no_gradient_is_kept():
    assert not find_near_copies(describe(GROUNDS), describe(GROUNDS), 0.75).score.requires_grad


def test_says_what_is_wrong():
    known = describe(GROUNDS)
    with pytest.raises(ValueError, match=r'between 0.5 and 1, got 0.4'):
        find_near_copies(known, known, threshold=0.4)
    with pytest.raises(ValueError, match='at least 1, got 0'):
        find_near_copies(known, known, threshold=0.75, candidates=0)
    with pytest.raises(ValueError, match='at least one picture'):
        find_near_copies(known, rows(known, []), threshold=0.75)
    with pytest.raises(ValueError, match=r'\(n, 64, 64\), got \(12, 32, 32\)'):
        describe(GROUNDS[:, :32, :32])
