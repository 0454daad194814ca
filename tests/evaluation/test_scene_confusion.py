"""Confusion of scenes: by hand, by a loop, and what must not change it."""

import pytest
import torch
from torch.testing import assert_close

from pir_mm.evaluation import scene_confusion
from pir_mm.evaluation.scene_confusion import confused_pairs, foreign_share, neighbour_shares

# Directions by angle: two of scene 0, one of scene 1 beside them, two of scene 1 far away.
ANGLES = torch.tensor([0.0, 1.0, 3.0, 90.0, 91.0]).deg2rad()
POINTS = torch.stack([ANGLES.cos(), ANGLES.sin()], dim=1)
SCENE = torch.tensor([0, 0, 1, 1, 1])


def by_loop(embedding, scene, scenes, k):
    unit = embedding / embedding.norm(dim=1, keepdim=True)
    rows = []
    for i in range(len(unit)):
        others = [j for j in range(len(unit)) if j != i]
        others.sort(key=lambda j, i=i: -float(unit[i] @ unit[j]))
        near = [int(scene[j]) for j in others[:k]]
        rows.append([near.count(s) / len(near) for s in range(scenes)])
    return torch.tensor(rows)


def test_shares_worked_out_by_hand():
    shares = neighbour_shares(POINTS, SCENE, scenes=3, k=2)
    expected = [[0.5, 0.5, 0], [0.5, 0.5, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0]]
    assert_close(shares, torch.tensor(expected))
    assert_close(foreign_share(shares, SCENE), torch.tensor([0.5, 0.5, 1, 0, 0]))


@pytest.mark.parametrize(('n', 'k'), [(2, 1), (2, 10), (9, 1), (9, 4), (40, 10)])
def test_agrees_with_the_loop_in_pieces_too(n, k, monkeypatch):
    monkeypatch.setattr(scene_confusion, 'ROWS', 7)
    random = torch.Generator().manual_seed(n)
    points = torch.randn(n, 3, generator=random)
    scene = torch.randint(4, (n,), generator=random)
    assert_close(neighbour_shares(points, scene, 4, k), by_loop(points, scene, 4, k))


def test_length_does_not_matter():
    longer = POINTS * torch.tensor([[1.0], [20.0], [3.0], [0.1], [5.0]])
    args = (SCENE, 2, 2)
    assert_close(neighbour_shares(longer, *args), neighbour_shares(POINTS, *args))


def test_pairs_count_both_directions_and_each_scene_alike():
    shares = neighbour_shares(POINTS, SCENE, scenes=3, k=2)
    # around scene 0 half is 1; around scene 1 a third is 0
    assert confused_pairs(shares, SCENE, 5) == [(0, 1, pytest.approx((1 / 2 + 1 / 3) / 2))]


def test_the_most_confused_pair_comes_first():
    shares = torch.tensor([[0.0, 0.2, 0.8], [0.1, 0.9, 0.0], [0.6, 0.1, 0.3]])
    pairs = confused_pairs(shares, torch.tensor([0, 1, 2]), 2)
    assert [pair[:2] for pair in pairs] == [(0, 2), (0, 1)]
    assert [pair[2] for pair in pairs] == pytest.approx([0.7, 0.15])


def test_says_what_is_wrong():
    with pytest.raises(ValueError, match='at least two pictures, got 1'):
        neighbour_shares(POINTS[:1], SCENE[:1], 2)
    with pytest.raises(ValueError, match='k must be at least 1, got 0'):
        neighbour_shares(POINTS, SCENE, 2, k=0)
    with pytest.raises(ValueError, match='from 0 to 1: leave out the unlabelled'):
        neighbour_shares(POINTS, SCENE - 1, 2)
    with pytest.raises(ValueError, match='from 0 to 0'):
        neighbour_shares(POINTS, SCENE, 1)
