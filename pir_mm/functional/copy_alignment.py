"""Lay pictures over pictures, zoomed and shifted until their details agree best."""

import torch
import torch.nn.functional as F
from torch import Tensor

REACH = 5  # pixels of 64 on either side whose mean is not detail
LEAST_OVERLAP = 0.5  # of the query's area
# Rounds of the search: points along a side that are compared, then steps of zoom and shift.
ROUNDS = (
    (16, 0.06, 0.1),
    (16, 0.03, 0.05),
    (32, 0.015, 0.025),
    (32, 0.008, 0.012),
    (32, 0.004, 0.006),
)
FAINTEST = 0.1  # grey levels of contrast, below which rounding would correlate
HOPELESS, CHECKED_AFTER = 0.4, 2  # a pair that agrees less, and the rounds it is given


def details(grey: Tensor) -> Tensor:
    """Grey pictures ``(n, 64, 64)`` less the mean around each pixel, a sixth of a side wide."""
    size = 2 * REACH + 1
    wide = F.pad(grey.unsqueeze(1), (REACH,) * 4, mode='reflect')
    mean = F.avg_pool2d(F.avg_pool2d(wide, (1, size), stride=1), (size, 1), stride=1)
    return grey - mean.squeeze(1)


def align(query: Tensor, against: Tensor, zoom: Tensor) -> tuple[Tensor, Tensor]:
    """Search the place of each query in its partner, all 27 neighbours a round, steps halved.

    Args:
        query: ``(P, 64, 64)`` details, turned as the partner is.
        against: ``(P, 64, 64)`` details.
        zoom: ``(P,)`` to start from: the query's side as a share of the partner's.

    Returns:
        Agreement ``(P,)`` from -1 to 1, and place ``(P, 3)``: zoom, and the shift right and down
        from the middle in half sides of the partner. Zooms up to 12 percent from the start and
        shifts up to a tenth of a side are reached. Pairs still below 0.4 after two rounds go no
        further.
    """
    place = torch.stack([zoom.log(), torch.zeros_like(zoom), torch.zeros_like(zoom)], dim=1)
    neighbours = torch.cartesian_prod(*[torch.tensor([-1.0, 0.0, 1.0])] * 3)
    score = torch.full_like(zoom, -1.0)
    searched = torch.arange(len(zoom))
    for number, (side, zoom_step, shift_step) in enumerate(ROUNDS):
        if number == CHECKED_AFTER:
            searched = searched[score[searched] >= HOPELESS]
        if len(searched) == 0:
            break
        steps = neighbours * torch.tensor([zoom_step, shift_step, shift_step])
        tries = place[searched].unsqueeze(1) + steps
        found, best = agreement(query[searched], against[searched], tries, side).max(dim=1)
        score[searched] = found
        place[searched] = tries[torch.arange(len(best)), best]
    return score, torch.cat([place[:, :1].exp(), place[:, 1:]], dim=1)


def agreement(query: Tensor, against: Tensor, places: Tensor, side: int) -> Tensor:
    """Correlation of what both pictures show, over ``side`` times ``side`` points of the query.

    Args:
        query: ``(P, S, S)``, ``side`` a divisor of ``S``.
        against: ``(P, S, S)``.
        places: ``(P, T, 3)``, logarithm of the zoom, shift right, shift down.

    Returns:
        ``(P, T)``; -1 where less than half of the query lies inside, 0 where one has no contrast.
    """
    pairs, tries, _ = places.shape
    shrink = query.shape[-1] // side
    query = F.avg_pool2d(query.unsqueeze(1), shrink).flatten(1).unsqueeze(-1)
    # Twice as fine as the points that read it, so that reading between pixels blurs both alike.
    against = F.avg_pool2d(against.unsqueeze(1), max(1, shrink // 2))
    line = (torch.arange(side) * 2 + 1) / side - 1
    zoom, right, down = places.unbind(-1)
    x = right.unsqueeze(-1) + zoom.exp().unsqueeze(-1) * line
    y = down.unsqueeze(-1) + zoom.exp().unsqueeze(-1) * line
    edge = 1 - 1 / against.shape[-1]
    inside = (y.abs() <= edge).unsqueeze(-1) & (x.abs() <= edge).unsqueeze(-2)
    inside = inside.flatten(2).to(query.dtype)
    points = torch.stack(torch.broadcast_tensors(x.unsqueeze(-2), y.unsqueeze(-1)), dim=-1)
    points = points.reshape(pairs, tries * side, side, 2)
    seen = F.grid_sample(against, points, align_corners=False).reshape(pairs, tries, -1) * inside
    count = inside.sum(dim=-1)
    query_sum, seen_sum = (inside @ query).squeeze(-1), seen.sum(dim=-1)
    covariance = (seen @ query).squeeze(-1) - query_sum * seen_sum / count
    query_spread = (inside @ query.square()).squeeze(-1) - query_sum.square() / count
    seen_spread = seen.square().sum(dim=-1) - seen_sum.square() / count
    faintest = count * FAINTEST**2
    scale = (query_spread.maximum(faintest) * seen_spread.maximum(faintest)).sqrt()
    score = (covariance / scale).where(torch.minimum(query_spread, seen_spread) > faintest, 0.0)
    return score.where(count >= LEAST_OVERLAP * side * side, -1.0)
