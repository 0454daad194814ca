"""The interval of Wilson: by hand, by its definition, at its ends."""

import pytest
import torch
from torch.testing import assert_close

from pir_mm.functional.proportion import wilson_interval


def test_worked_out_by_hand():
    # z = 2, 4 trials: middle (p + 1/2) / 2, half a width 2 sqrt(p q / 4 + 1/16) / 2
    lower, upper = wilson_interval(torch.tensor([0.5, 0.0]), torch.tensor([4, 4]), z=2)
    half = 0.125**0.5
    assert_close(lower, torch.tensor([0.5 - half, 0.0], dtype=torch.float64))
    assert_close(upper, torch.tensor([0.5 + half, 0.5], dtype=torch.float64))


@pytest.mark.parametrize('trials', [1, 7, 300])
@pytest.mark.parametrize('share', [0.2, 0.9])
def test_its_ends_are_where_the_share_would_be_z_deviations_off(share, trials):
    bounds = wilson_interval(torch.tensor(share, dtype=torch.float64), torch.tensor(trials))
    for bound in bounds:
        deviation = (bound * (1 - bound) / trials).sqrt()
        assert_close((bound - share).abs() / deviation, torch.tensor(1.96, dtype=torch.float64))


def test_holds_the_share_and_has_a_width_also_at_the_ends():
    share = torch.tensor([0.0, 0.3, 1.0])
    lower, upper = wilson_interval(share, torch.tensor(5))
    assert (lower <= share).all() and (share <= upper).all()
    assert lower[0] == 0 and upper[2] == 1
    assert (upper - lower > 0.3).all()


@pytest.mark.parametrize(('share', 'trials'), [(1.1, 5), (-0.1, 5), (0.5, 0)])
def test_refuses_what_is_no_share_or_had_no_trial(share, trials):
    with pytest.raises(ValueError, match='shares from 0 to 1 and at least one trial'):
        wilson_interval(torch.tensor(share), torch.tensor(trials))
