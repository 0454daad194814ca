"""How sure a recall is: bootstrap over test images, and the interval of a proportion."""

import torch
from torch import Tensor

from pir_mm.functional.ranks import Standing


def hits_per_picture(
    to_text: Standing,
    to_image: Standing,
    image_of_text: Tensor,
    topk: tuple[int, ...] = (1, 5, 10),
    ties: str = 'expected',
) -> tuple[Tensor, Tensor]:
    """What each picture adds to every recall: itself as a query and its captions as queries.

    Args:
        to_text: standing of the ``N`` pictures.
        to_image: standing of the ``M`` captions.
        image_of_text: ``(M,)`` long.
        topk: values of K.
        ties: as in :func:`pir_mm.functional.recall.retrieval_recall`.

    Returns:
        hits ``(N, 2 * len(topk))`` float64, i2t before t2i, and queries ``(N, 2 * len(topk))``.
    """
    pictures = len(to_text.above)
    own = torch.stack([to_text.hit(k, ties) for k in topk], dim=1)
    of_captions = torch.stack([to_image.hit(k, ties) for k in topk], dim=1)
    owner = image_of_text.to(of_captions.device)
    hits = torch.cat([own, own.new_zeros(pictures, len(topk)).index_add(0, owner, of_captions)], 1)
    captions = owner.bincount(minlength=pictures).unsqueeze(1).expand(-1, len(topk))
    return hits, torch.cat([torch.ones_like(captions), captions], dim=1).double()


def mean_recall(hits: Tensor, queries: Tensor, weight: Tensor | None = None) -> Tensor:
    """mR in percent: the mean over columns of hits per query.

    Args:
        hits: ``(N, C)``.
        queries: ``(N, C)``.
        weight: ``(..., N)`` how often each picture is counted; once each if not given.

    Returns:
        a scalar, or ``(...)``.
    """
    weight = hits.new_ones(len(hits)) if weight is None else weight
    return 100 * ((weight @ hits) / (weight @ queries)).mean(dim=-1)


def resampled_weights(pictures: int, samples: int = 2000, seed: int = 0) -> Tensor:
    """How often each picture is drawn, ``(samples, pictures)`` float64, with replacement.

    The bootstrap of Efron, *Bootstrap Methods: Another Look at the Jackknife*, 1979. Pictures are
    drawn with all their captions, because captions of one picture succeed or fail together.
    Equal arguments give equal weights, so that two models are compared on the same draws.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randint(pictures, (samples, pictures), generator=generator)
    weights = torch.zeros(samples, pictures, dtype=torch.float64)
    return weights.scatter_add_(1, drawn, torch.ones_like(weights))


def interval(values: Tensor, level: float = 0.95) -> tuple[float, float]:
    """The middle part of resampled values that holds ``level`` of them.

    Raises:
        ValueError: if ``level`` is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise ValueError(f'level must lie between 0 and 1, got {level}')
    tails = values.new_tensor([(1 - level) / 2, (1 + level) / 2])
    low, high = torch.quantile(values, tails).tolist()
    return low, high


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
