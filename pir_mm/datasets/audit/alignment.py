"""Laying two pictures over each other: how well they agree, and at which zoom and shift.

Only detail counts. Light that falls off to one side is not detail, so pictures of even ground agree
only if their faint structures do.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

MEAN_RADIUS = 5  # pixels of 64 on each side of a pixel; their mean is not detail
MIN_OVERLAP = 0.5  # of the area of the query
# Rounds of the search: compared points along a side, then the steps of zoom and of shift.
ROUNDS = (
    (16, 0.06, 0.1),
    (16, 0.03, 0.05),
    (32, 0.015, 0.025),
    (32, 0.008, 0.012),
    (32, 0.004, 0.006),
)
MIN_CONTRAST = 0.1  # in grey levels; with less, rounding errors would correlate
EARLY_STOP_ROUND, EARLY_STOP_SCORE = 2, 0.4  # pairs below this score leave the search there


def details(grey: Tensor) -> Tensor:
    """Grey pictures ``(n, 64, 64)`` minus the mean around each pixel, over a sixth of a side."""
    size = 2 * MEAN_RADIUS + 1
    padded = F.pad(grey.unsqueeze(1), (MEAN_RADIUS,) * 4, mode='reflect')
    mean = F.avg_pool2d(F.avg_pool2d(padded, (1, size), stride=1), (size, 1), stride=1)
    return grey - mean.squeeze(1)


def align(query: Tensor, gallery: Tensor, zoom: Tensor) -> tuple[Tensor, Tensor]:
    """Find where each query lies in its gallery picture.

    Each round tries all 27 neighbours of the best placement; then the steps are halved. The search
    reaches zooms up to 12 percent from the start and shifts up to a tenth of a side. A pair with a
    score below 0.4 after two rounds is not searched further.

    Args:
        query: ``(P, 64, 64)`` details, in the orientation of the gallery picture.
        gallery: ``(P, 64, 64)`` details.
        zoom: ``(P,)`` to start from: side of the query as a share of the side of its partner.

    Returns:
        Agreement ``(P,)`` from -1 to 1, and placement ``(P, 3)``: zoom, then the shift to the right
        and down from the middle, in half sides of the gallery picture.
    """
    placement = torch.stack([zoom.log(), torch.zeros_like(zoom), torch.zeros_like(zoom)], dim=1)
    neighbours = torch.cartesian_prod(*[zoom.new_tensor([-1.0, 0.0, 1.0])] * 3)
    score = torch.full_like(zoom, -1.0)
    searched = torch.arange(len(zoom), device=zoom.device)
    for number, (side, zoom_step, shift_step) in enumerate(ROUNDS):
        if number == EARLY_STOP_ROUND:
            searched = searched[score[searched] >= EARLY_STOP_SCORE]
        if len(searched) == 0:
            break
        steps = neighbours * zoom.new_tensor([zoom_step, shift_step, shift_step])
        tried = placement[searched].unsqueeze(1) + steps
        found, best = agreement(query[searched], gallery[searched], tried, side).max(dim=1)
        score[searched] = found
        placement[searched] = tried[torch.arange(len(best), device=best.device), best]
    return score, torch.cat([placement[:, :1].exp(), placement[:, 1:]], dim=1)


def agreement(query: Tensor, gallery: Tensor, placements: Tensor, side: int) -> Tensor:
    """Correlation of the part that both pictures show, at ``side`` x ``side`` points of the query.

    Args:
        query: ``(P, S, S)``; ``side`` divides ``S``.
        gallery: ``(P, S, S)``.
        placements: ``(P, T, 3)``: logarithm of the zoom, shift to the right, shift down.
        side: number of points along a side.

    Returns:
        ``(P, T)``. It is -1 where less than half of the query overlaps, and 0 where one of the
        pictures has no contrast.
    """
    pairs, tried, _ = placements.shape
    shrink = query.shape[-1] // side
    query = F.avg_pool2d(query.unsqueeze(1), shrink).flatten(1).unsqueeze(-1)
    # Twice as fine as the points, so that reading between pixels blurs both pictures alike.
    gallery = F.avg_pool2d(gallery.unsqueeze(1), max(1, shrink // 2))
    points, inside = _points_of_query(placements, side, edge=1 - 1 / gallery.shape[-1])
    inside = inside.to(query.dtype)
    seen = F.grid_sample(gallery, points, align_corners=False).reshape(pairs, tried, -1) * inside
    count = inside.sum(dim=-1)
    query_sum, seen_sum = (inside @ query).squeeze(-1), seen.sum(dim=-1)
    covariance = (seen @ query).squeeze(-1) - query_sum * seen_sum / count
    query_spread = (inside @ query.square()).squeeze(-1) - query_sum.square() / count
    seen_spread = seen.square().sum(dim=-1) - seen_sum.square() / count
    faintest = count * MIN_CONTRAST**2
    scale = (query_spread.maximum(faintest) * seen_spread.maximum(faintest)).sqrt()
    score = (covariance / scale).where(torch.minimum(query_spread, seen_spread) > faintest, 0.0)
    return score.where(count >= MIN_OVERLAP * side * side, -1.0)


def _points_of_query(placements: Tensor, side: int, edge: float) -> tuple[Tensor, Tensor]:
    """Points of the query in the gallery picture, and which of them lie inside it.

    Args:
        placements: ``(P, T, 3)``.
        side: number of points along a side.
        edge: largest coordinate inside; the picture reaches from -1 to 1.

    Returns:
        ``(P, T * side, side, 2)``, right and down, and ``(P, T, side * side)`` bool.
    """
    line = (torch.arange(side, device=placements.device) * 2 + 1) / side - 1
    zoom, right, down = placements.unbind(-1)
    x = right.unsqueeze(-1) + zoom.exp().unsqueeze(-1) * line
    y = down.unsqueeze(-1) + zoom.exp().unsqueeze(-1) * line
    inside = (y.abs() <= edge).unsqueeze(-1) & (x.abs() <= edge).unsqueeze(-2)
    points = torch.stack(torch.broadcast_tensors(x.unsqueeze(-2), y.unsqueeze(-1)), dim=-1)
    return points.flatten(1, 2), inside.flatten(2)
