"""Two ways in turn: medians, ratio, and whether both give the same."""

from functools import partial

import pytest
import torch

from pir_mm.apis.benchmarking import contest as contests
from pir_mm.apis.benchmarking.contest import Contest, measure, memory_apart


class Clock:
    """A clock that only work moves."""

    def __init__(self):
        self.now, self.calls = 0.0, []

    def perf_counter(self):
        return self.now

    def work(self, name, seconds, result=1):
        durations = iter(seconds)

        def do():
            self.calls.append(name)
            self.now += next(durations)
            return result

        return do


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(contests.time, 'perf_counter', clock.perf_counter)
    return clock


def of(ours, alternative, share=1.0):
    return Contest(ours, alternative, lambda own, other: own == other, 'slow', 'none', share)


def test_medians_without_the_round_that_warms_up(clock):
    ours, other = clock.work('ours', [9, 1, 5, 2]), clock.work('other', [9, 8, 6, 4])
    result = measure(of(ours, other), repeats=3)
    assert (result['ours'], result['alternative'], result['ratio']) == (2000, 6000, 3)
    assert result['equal'] and result['rounds'] == 3
    assert result['spread'] == pytest.approx((8 / 1) / (6 / 5))
    assert clock.calls == ['ours', 'other', 'ours', 'other', 'other', 'ours', 'ours', 'other']


def test_a_long_case_ends_after_three_rounds(clock):
    work = clock.work('ours', [20] * 9), clock.work('other', [20] * 9)
    assert measure(of(*work), repeats=9, budget=30)['rounds'] == 3


def test_a_share_of_the_work_is_scaled_up(clock):
    work = clock.work('ours', [2] * 9), clock.work('other', [3] * 9)
    result = measure(of(*work, share=0.1), repeats=3)
    assert result['alternative'] == pytest.approx(30_000) and result['ratio'] == pytest.approx(15)


def test_another_result_is_told(clock):
    work = clock.work('ours', [1] * 9), clock.work('other', [1] * 9, result=2)
    assert not measure(of(*work), repeats=3)['equal']


@pytest.mark.slow
def test_memory_of_both_sides_each_in_a_process_of_its_own():
    """32 and 128 MiB, neither hidden behind the other nor behind what this process has."""
    here = torch.ones(2**26)
    sides = partial(torch.ones, 2**23), partial(torch.ones, 2**25)
    needed = memory_apart(partial(Contest, *sides, torch.equal, 'a larger one', 'none'))
    assert needed.keys() == {'peak_mib', 'alternative_peak_mib'}
    assert needed['peak_mib'] == pytest.approx(32, abs=8)
    assert needed['alternative_peak_mib'] == pytest.approx(128, abs=8)
    del here
