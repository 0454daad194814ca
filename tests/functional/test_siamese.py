"""Views that predict each other."""

import pytest
import torch
from torch.testing import assert_close

from pir_mm.functional.siamese import simsiam, spread


def vectors(rows=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(rows, 3, generator=generator).requires_grad_() for _ in range(4)]


def test_a_value_worked_out_by_hand():
    """The first prediction is right, the second stands at 60 degrees: -(1 + 1/2) / 2."""
    east = torch.tensor([[1.0, 0.0]])
    slanted = torch.tensor([[2.0, 2.0 * 3**0.5]])
    assert simsiam(5 * east, slanted, east, east).item() == pytest.approx(-0.75)


@pytest.mark.parametrize('rows', [1, 4])
def test_it_is_the_mean_of_a_loop(rows):
    p1, z1, p2, z2 = vectors(rows)
    total = 0
    for i in range(rows):
        for p, z in ((p1[i], z2[i]), (p2[i], z1[i])):
            total -= (p @ z) / (p.norm() * z.norm()) / 2 / rows
    assert_close(simsiam(p1, z1, p2, z2), total)
    assert -1 <= total <= 1


def test_views_may_change_places_and_equal_ones_give_minus_one():
    p1, z1, p2, z2 = vectors()
    assert_close(simsiam(p1, z1, p2, z2), simsiam(p2, z2, p1, z1))
    assert_close(simsiam(z1, z1, z1, z1).item(), -1.0)


def test_what_is_predicted_is_taken_as_given():
    p1, z1, p2, z2 = vectors()
    simsiam(p1, z1, p2, z2).backward()
    assert z1.grad is None and z2.grad is None
    assert p1.grad.abs().min() > 0 and p2.grad.abs().min() > 0
    assert not simsiam(p1.detach(), z1, p2.detach(), z2).requires_grad


def test_one_term_leaves_the_other_view_alone():
    """With the second prediction fixed only the first view has a gradient."""
    p1, z1, p2, z2 = vectors()
    simsiam(p1, z1, p2.detach(), z2).backward()
    assert p1.grad.any() and p2.grad is None and z1.grad is None and z2.grad is None


def test_no_rows_give_zero():
    assert simsiam(*[torch.zeros(0, 3)] * 4) == 0


def test_spread_tells_a_full_space_from_one_point():
    random = torch.randn(4000, 64, generator=torch.Generator().manual_seed(0))
    assert spread(random).item() == pytest.approx(1 / 8, rel=0.02)
    assert spread(7 * random[:1].expand(10, -1)).item() == pytest.approx(0, abs=1e-6)
    assert spread(random[:1]) == 0
    # at (1, 0) and (0, 1) each coordinate is a half away from its mean
    assert spread(torch.tensor([[3.0, 0.0], [0.0, 2.0]])).item() == pytest.approx(0.5)
