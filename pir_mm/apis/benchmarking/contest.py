"""One measurement: ours and an alternative in turn, medians, and whether both give the same."""

import multiprocessing
import re
import resource
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

REPEATS = 9
BUDGET = 30.0
"""Seconds after which a case ends, once it has been repeated three times."""
QUICK_BUDGET = 5.0
"""The same for a first look, which shall take less than three minutes."""


@dataclass(frozen=True)
class Contest:
    """Two ways to the same result.

    Args:
        ours: does the work once and returns the result.
        alternative: likewise.
        equal: whether both results are the same within the tolerance that ``tolerance`` tells.
        against: the alternative in words.
        tolerance: in words.
        share: part of the work that ``alternative`` does; its time is divided by it.
    """

    ours: Callable[[], Any]
    alternative: Callable[[], Any]
    equal: Callable[[Any, Any], bool]
    against: str
    tolerance: str
    share: float = 1.0


class UnableError(Exception):
    """A case that this machine cannot run, with the reason."""


def measure(contest: Contest, repeats: int = REPEATS, budget: float = BUDGET) -> dict:
    """Run both in turn, each first in half of the rounds.

    The first round warms up and is compared, it does not count.

    Returns:
        ``ours`` and ``alternative`` in milliseconds (medians), ``ratio``, ``equal``, ``rounds``,
        ``spread`` (largest through smallest ratio of a round) and ``peak_mib``, what ours needed
        at most above what was there when it began.
    """
    before = _peak()
    result, _ = _timed(contest.ours)
    peak = _peak() - before
    equal = bool(contest.equal(result, _timed(contest.alternative)[0]))
    del result
    times: list[tuple[float, float]] = []
    began = time.perf_counter()
    while len(times) < repeats and (len(times) < 3 or time.perf_counter() - began < budget):
        sides = [contest.ours, contest.alternative]
        if len(times) % 2:
            sides.reverse()
        seconds = [_timed(side)[1] for side in sides]
        times.append(tuple(reversed(seconds)) if len(times) % 2 else tuple(seconds))
    ours = statistics.median(own for own, _ in times)
    alternative = statistics.median(other for _, other in times) / contest.share
    ratios = [other / contest.share / own for own, other in times]
    return {
        'ratio': alternative / ours,
        'equal': equal,
        'ours': 1000 * ours,
        'alternative': 1000 * alternative,
        'unit': 'ms',
        'rounds': len(times),
        'spread': max(ratios) / min(ratios),
        'peak_mib': peak,
        'against': contest.against,
        'tolerance': contest.tolerance,
    }


def memory_apart(make: Callable[[], Contest]) -> dict[str, float]:
    """What each side needs at most above its start, each in a process of its own.

    In one process the second would use again what the first has left.

    Returns:
        ``peak_mib`` of ours and ``alternative_peak_mib``.
    """
    needed = {}
    for key, side in (('peak_mib', 'ours'), ('alternative_peak_mib', 'alternative')):
        with ProcessPoolExecutor(1, multiprocessing.get_context('spawn')) as process:
            needed[key] = process.submit(_growth, make, side).result()
    return needed


def _growth(make: Callable[[], Contest], side: str) -> float:
    contest = make()
    before = _peak()
    getattr(contest, side)()
    return _peak() - before


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    start = time.perf_counter()
    result = work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return result, time.perf_counter() - start


def _peak() -> float:
    """Most memory that this process had so far, in MiB."""
    status = Path('/proc/self/status')
    found = re.search(r'VmHWM:\s+(\d+) kB', status.read_text()) if status.exists() else None
    if found:  # where Linux tells it, for getrusage begins with the peak of the parent
        return int(found[1]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == 'darwin' else peak / 2**10
