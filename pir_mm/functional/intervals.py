"""How certain a recall is: the bootstrap over test images, and the interval of a proportion."""

import torch
from torch import Tensor

from pir_mm.functional.ranks import QueryRanks


def hits_per_image(
    image_ranks: QueryRanks,
    text_ranks: QueryRanks,
    image_of_text: Tensor,
    topk: tuple[int, ...] = (1, 5, 10),
    ties: str = 'expected',
) -> tuple[Tensor, Tensor]:
    """What each image adds to every recall: itself as a query and its captions as queries.

    Args:
        image_ranks: ranks of the ``N`` images.
        text_ranks: ranks of the ``M`` captions.
        image_of_text: ``(M,)`` long.
        topk: values of K.
        ties: as in :func:`pir_mm.functional.recall.retrieval_recall`.

    Returns:
        Hits ``(N, 2 * len(topk))`` float64, i2t before t2i, and the number of queries in the same
        shape.
    """
    images = len(image_ranks.higher)
    image_hits = torch.stack([image_ranks.hits_at(k, ties) for k in topk], dim=1)
    text_hits = torch.stack([text_ranks.hits_at(k, ties) for k in topk], dim=1)
    image_of_text = image_of_text.to(text_hits.device)
    of_captions = torch.zeros_like(image_hits).index_add(0, image_of_text, text_hits)
    captions = image_of_text.bincount(minlength=images).unsqueeze(1).expand(-1, len(topk))
    queries = torch.cat([torch.ones_like(captions), captions], dim=1).double()
    return torch.cat([image_hits, of_captions], dim=1), queries


def mean_recall(hits: Tensor, queries: Tensor, weight: Tensor | None = None) -> Tensor:
    """mR in percent: the mean over columns of hits per query.

    Args:
        hits: ``(N, C)`` of :func:`hits_per_image`.
        queries: ``(N, C)`` of :func:`hits_per_image`.
        weight: ``(..., N)`` how often each image counts; by default once.

    Returns:
        A scalar, or ``(...)``.
    """
    weight = hits.new_ones(len(hits)) if weight is None else weight
    return 100 * ((weight @ hits) / (weight @ queries)).mean(dim=-1)


def bootstrap_weights(images: int, samples: int = 2000, seed: int = 0) -> Tensor:
    """How often each image is drawn, with replacement: ``(samples, images)`` float64.

    The bootstrap of Efron, *Bootstrap Methods: Another Look at the Jackknife*, 1979. An image is
    drawn with all its captions, because the captions of one image succeed or fail together.
    Equal arguments give equal weights, so two models are compared on the same draws.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randint(images, (samples, images), generator=generator)
    weights = torch.zeros(samples, images, dtype=torch.float64)
    return weights.scatter_add_(1, drawn, torch.ones_like(weights))


def percentile_interval(values: Tensor, level: float = 0.95) -> tuple[float, float]:
    """The middle part of bootstrap values that contains the share ``level`` of them.

    Raises:
        ValueError: if ``level`` is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise ValueError(f'level must be between 0 and 1, got {level}')
    tails = values.new_tensor([(1 - level) / 2, (1 + level) / 2])
    low, high = torch.quantile(values, tails).tolist()
    return low, high


def wilson_interval(share: Tensor, trials: Tensor, z: float = 1.96) -> tuple[Tensor, Tensor]:
    """Score interval of a proportion, after Wilson (JASA 1927).

    It stays within 0 and 1, and it has a width even if nothing or everything was a hit. A mean of
    values between 0 and 1 varies less than hits and misses do; for it the interval is too wide
    rather than too narrow.

    Args:
        share: share of hits, any shape.
        trials: number of independent trials, at least 1, broadcast against ``share``.
        z: half the width in standard deviations; 1.96 covers 95 %.

    Returns:
        Lower and upper bound, float64.

    Raises:
        ValueError: if a share is not from 0 to 1 or a number of trials is below 1.
    """
    share, trials = share.double(), trials.double()
    if (share < 0).any() or (share > 1).any() or (trials < 1).any():
        raise ValueError('an interval needs shares from 0 to 1 and at least one trial each')
    spread = z * (share * (1 - share) / trials + z**2 / (4 * trials**2)).sqrt()
    middle, scale = share + z**2 / (2 * trials), 1 + z**2 / trials
    lower, upper = (middle - spread) / scale, (middle + spread) / scale
    return lower.clamp(min=0).minimum(share), upper.clamp(max=1).maximum(share)
