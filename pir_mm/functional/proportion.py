"""How sure a share of hits is."""

from torch import Tensor


def wilson_interval(share: Tensor, trials: Tensor, z: float = 1.96) -> tuple[Tensor, Tensor]:
    """Score interval of Wilson (JASA 1927) of a proportion.

    It stays within 0 and 1 and has a width also where nothing or everything was hit. For a mean of
    values between 0 and 1, which varies less than hits and misses do, it is on the safe side.

    Args:
        share: of hits, any shape.
        trials: number of independent trials, at least 1, broadcast against ``share``.
        z: half the width in standard deviations; 1.96 covers 95 %.

    Returns:
        lower and upper bound, float64.

    Raises:
        ValueError: if a share is outside 0 and 1 or there was no trial.
    """
    share, trials = share.double(), trials.double()
    if (share < 0).any() or (share > 1).any() or (trials < 1).any():
        raise ValueError('an interval needs shares from 0 to 1 and at least one trial each')
    spread = z * (share * (1 - share) / trials + z**2 / (4 * trials**2)).sqrt()
    middle, scale = share + z**2 / (2 * trials), 1 + z**2 / trials
    lower, upper = (middle - spread) / scale, (middle + spread) / scale
    return lower.clamp(min=0).minimum(share), upper.clamp(max=1).maximum(share)
