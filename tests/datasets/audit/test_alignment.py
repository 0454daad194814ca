"""Two pictures laid over each other: agreement, zoom and shift."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from pir_mm.datasets.audit.alignment import agreement, align, details
from tests.datasets.audit.grounds import cut, grounds


def by_loop(query, gallery):
    """Correlation of two pictures laid on each other as they are."""
    q, a = query.flatten().double(), gallery.flatten().double()
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
    query, gallery = grounds(count), grounds(count, seed=1)
    placements = torch.zeros(count, 1, 3)
    found = agreement(query, gallery, placements, side)
    small = [F.avg_pool2d(p.unsqueeze(1), 64 // side)[:, 0] for p in (query, gallery)]
    expected = torch.tensor([[by_loop(q, a)] for q, a in zip(*small, strict=True)])
    assert_close(found, expected, atol=1e-4, rtol=0)


def test_agreement_counts_only_what_both_show():
    """A query that is the right three quarters of its partner and blank beyond it."""
    gallery = grounds(1)
    query = grounds(1, seed=1)
    query[:, :, :48] = gallery[:, :, 16:]
    shift = torch.tensor([[[0.0, 0.5, 0.0], [0.0, 1.1, 0.0]]])
    found = agreement(query, gallery, shift, 32)[0]
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
    score, placement = align(details(cut(pictures, top, left, size)), details(pictures), start)
    shift = [(left + size / 2 - 32) / 32, (top + size / 2 - 32) / 32]
    expected = torch.tensor([[size / 64, *shift]]).expand(2, 3)
    assert_close(placement, expected, atol=0.02, rtol=0)
    assert (score > 0.9).all()


def test_a_picture_that_shows_more_is_found_too():
    pictures = grounds(1)
    score, placement = align(
        details(pictures), details(cut(pictures, 4, 4, 56)), torch.ones(1) / 0.9
    )
    assert math.isclose(placement[0, 0], 64 / 56, abs_tol=0.02)
    assert score > 0.9


def test_other_grounds_go_no_further_than_two_rounds():
    score, placement = align(details(grounds(3)), details(grounds(3, seed=1)), torch.ones(3))
    assert (score < 0.4).all()
    steps = placement[:, 1:] / 0.05
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
