"""Copies are found whatever was done to them, and other pictures are not."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from pir_mm.datasets.audit.near_copies import (
    Sketches,
    agreement,
    align,
    details,
    find_near_copies,
    orient,
    sketch,
)
from tests.functional.grounds import cut, grounds


def by_loop(query, against):
    """Correlation of two pictures laid on each other as they are."""
    q, a = query.flatten().double(), against.flatten().double()
    q, a = q - q.mean(), a - a.mean()
    return float(q @ a / (q.norm() * a.norm()))


def test_detail_is_what_differs_from_the_mean_of_the_surroundings():
    point = torch.zeros(1, 64, 64)
    point[0, 30, 30] = 121  # surroundings of 11 x 11 pixels
    detail = details(point)[0]
    assert_close(detail[30, 30].item(), 120.0)
    assert_close(detail[30, 35].item(), -1.0)
    assert_close(detail[30, 36].item(), 0.0)


def test_light_that_falls_off_is_no_detail():
    slope = torch.linspace(0, 200, 64).expand(1, 64, 64)
    assert_close(details(slope)[0, :, 5:-5], torch.zeros(64, 54), atol=1e-3, rtol=0)


@pytest.mark.parametrize('count', [1, 3])
@pytest.mark.parametrize('side', [16, 32])
def test_agreement_in_place_is_the_correlation(count, side):
    query, against = grounds(count), grounds(count, seed=1)
    places = torch.zeros(count, 1, 3)
    found = agreement(query, against, places, side)
    small = [F.avg_pool2d(p.unsqueeze(1), 64 // side)[:, 0] for p in (query, against)]
    expected = torch.tensor([[by_loop(q, a)] for q, a in zip(*small, strict=True)])
    assert_close(found, expected, atol=1e-4, rtol=0)


def test_agreement_counts_only_what_both_show():
    """A query that is the right three quarters of its partner and blank beyond it."""
    against = grounds(1)
    query = grounds(1, seed=1)
    query[:, :, :48] = against[:, :, 16:]
    shift = torch.tensor([[[0.0, 0.5, 0.0], [0.0, 1.1, 0.0]]])
    found = agreement(query, against, shift, 32)[0]
    assert found[0] > 0.999
    assert found[1] == -1  # less than half would overlap


def test_a_picture_without_contrast_agrees_with_none():
    blank = torch.full((1, 64, 64), 7.0)
    assert agreement(blank, grounds(1), torch.zeros(1, 1, 3), 32).abs().item() < 1e-2


@pytest.mark.parametrize(
    ('top', 'left', 'size'), [(4, 4, 56), (0, 0, 60), (6, 2, 56), (0, 0, 64), (7, 8, 50)]
)
def test_a_cut_is_found_where_it_was_made(top, left, size):
    pictures = grounds(2)
    start = torch.full((2,), 0.81 if size < 55 else 0.9 if size < 64 else 1.0)
    score, place = align(details(cut(pictures, top, left, size)), details(pictures), start)
    shift = [(left + size / 2 - 32) / 32, (top + size / 2 - 32) / 32]
    expected = torch.tensor([[size / 64, *shift]]).expand(2, 3)
    assert_close(place, expected, atol=0.02, rtol=0)
    assert (score > 0.9).all()


def test_a_picture_that_shows_more_is_found_too():
    pictures = grounds(1)
    score, place = align(details(pictures), details(cut(pictures, 4, 4, 56)), torch.ones(1) / 0.9)
    assert math.isclose(place[0, 0], 64 / 56, abs_tol=0.02)
    assert score > 0.9


def test_other_grounds_go_no_further_than_two_rounds():
    score, place = align(details(grounds(3)), details(grounds(3, seed=1)), torch.ones(3))
    assert (score < 0.4).all()
    steps = place[:, 1:] / 0.05
    assert_close(steps, steps.round(), atol=1e-4, rtol=0)


def test_brightness_and_contrast_do_not_count():
    pictures, start = grounds(2), torch.ones(2)
    score, _ = align(details(pictures), details(pictures * 0.5 + 40), start)
    assert_close(score, torch.ones(2), atol=1e-4, rtol=0)


def test_agreement_is_differentiable_in_the_query_where_they_overlap():
    query = grounds(1).requires_grad_()
    agreement(query, grounds(1, seed=1), torch.tensor([[[0.0, 0.5, 0.0]]]), 32).sum().backward()
    assert query.grad[0, :, :44].abs().sum() > 0
    assert query.grad[0, :, 50:].abs().sum() == 0


def rows(sketches, ids):
    return Sketches(*(values[ids] for values in sketches))


def pairs(found):
    return list(zip(found.query.tolist(), found.against.tolist(), strict=True))


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


def test_a_sketch_by_hand():
    """Left half dark, right half bright: a tiny picture of two values, of mean 0 and norm 1."""
    half = torch.zeros(1, 64, 64)
    half[:, :, 32:] = 100
    views = sketch(half).views[0, 0].unflatten(0, (12, 12))
    assert_close(views[:, :5], torch.full((12, 5), -1 / 12), atol=5e-3, rtol=0)
    assert_close(views[:, 7:], torch.full((12, 5), 1 / 12), atol=5e-3, rtol=0)
    assert_close(sketch(GROUNDS).views.norm(dim=-1), torch.ones(12, 3))


def test_a_picture_is_a_perfect_copy_of_itself():
    known = sketch(GROUNDS)
    found = find_near_copies(known, known, threshold=0.75)
    assert pairs(found) == [(i, i) for i in range(12)]
    assert_close(found.score, torch.ones(12), atol=1e-3, rtol=0)
    assert found.orientation.tolist() == [0] * 12
    assert_close(found.zoom, torch.ones(12), atol=1e-3, rtol=0)


@pytest.mark.parametrize('count', [1, 12])
@pytest.mark.parametrize('orientation', range(8))
def test_a_turned_copy_is_found_and_its_orientation_told(orientation, count):
    back = {1: 3, 3: 1}.get(orientation, orientation)  # mirrorings undo themselves
    query = sketch(orient(GROUNDS[:count], orientation))
    found = find_near_copies(query, sketch(GROUNDS), threshold=0.75)
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
    query, against = sketch(copies), sketch(GROUNDS)
    if change == 'enlarge':
        query, against = against, sketch(cut(GROUNDS, 4, 4, 56))
    found = find_near_copies(query, against, threshold=0.75)
    assert pairs(found) == [(i, i) for i in range(12)]


def test_other_pictures_are_no_copies():
    found = find_near_copies(sketch(GROUNDS), sketch(grounds(50, seed=1)), threshold=0.5)
    assert pairs(found) == []


def test_flat_pictures_match_by_their_faint_traces_only():
    """The same light, which falls off to one side, over grounds that hardly differ from grey."""
    light = torch.linspace(60, 140, 64)
    faint = light + 0.1 * GROUNDS
    found = find_near_copies(sketch(faint[:6]), sketch(faint), threshold=0.75)
    assert pairs(found) == [(i, i) for i in range(6)]


def test_a_picture_of_nothing_is_flat_and_no_copy():
    nothing = sketch(torch.full((2, 64, 64), 90.0))
    assert nothing.flat.all() and not sketch(GROUNDS).flat.any()
    assert pairs(find_near_copies(nothing, nothing, threshold=0.5)) == []


@pytest.mark.parametrize('tile', [1, 5, 12, 100])
def test_tiles_find_what_the_whole_finds_and_are_no_larger(tile, monkeypatch):
    known, query = sketch(GROUNDS), sketch(cut(GROUNDS, 4, 4, 56))
    whole = find_near_copies(query, known, threshold=0.5, keep=3)
    held = sizes_held(monkeypatch)
    tiled = find_near_copies(query, known, threshold=0.5, keep=3, tile=tile)
    assert pairs(tiled) == pairs(whole)
    assert_close(tiled.score, whole.score)
    assert max(columns for _, columns in held) == min(tile, 12)


def test_each_query_stands_for_itself():
    known, order = sketch(GROUNDS), torch.tensor([7, 0, 3])
    query = sketch(cut(GROUNDS, 4, 4, 56))
    found = find_near_copies(rows(query, order), known, threshold=0.75)
    assert pairs(found) == [(0, 7), (1, 0), (2, 3)]


def test_keep_bounds_the_copies_of_a_picture():
    many = sketch(GROUNDS[:1].expand(6, 64, 64))
    found = find_near_copies(rows(many, [0]), many, threshold=0.9, keep=4)
    assert len(found.query) == 4


def test_no_gradient_is_kept():
    assert not find_near_copies(sketch(GROUNDS), sketch(GROUNDS), 0.75).score.requires_grad


def test_says_what_is_wrong():
    known = sketch(GROUNDS)
    with pytest.raises(ValueError, match=r'between 0.5 and 1, got 0.4'):
        find_near_copies(known, known, threshold=0.4)
    with pytest.raises(ValueError, match='at least 1, got 0'):
        find_near_copies(known, known, threshold=0.75, keep=0)
    with pytest.raises(ValueError, match='at least one picture'):
        find_near_copies(known, rows(known, []), threshold=0.75)
    with pytest.raises(ValueError, match=r'\(n, 64, 64\), got \(12, 32, 32\)'):
        sketch(GROUNDS[:, :32, :32])
