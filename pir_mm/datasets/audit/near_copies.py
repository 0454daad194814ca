"""Which pictures of two sets show the same ground at the same time.

Two steps, as one is cheap and the other is sure. Tiny pictures, in eight orientations and at five
zooms, are compared by matrix products; sand, sea and fields look alike there. The few best are
then laid over each other (:mod:`pir_mm.datasets.audit.near_copies`), and only detail counts: light
that falls off to one side is none, so flat pictures match only where their faint traces do.
"""

from typing import NamedTuple

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


SIDE = 64
TINY = 12
ORIENTATIONS = 8
CROPS = (1.0, 0.9, 0.81)
ZOOMS = ((0, 0), (0, 1), (0, 2), (1, 0), (2, 0))  # crop of the query, crop of its partner
FLAT = 0.5  # grey levels of 255
ROWS, PAIRS = 256, 256


class Sketches(NamedTuple):
    """What is kept of ``n`` pictures, 10 KB each.

    ``views`` (n, 3, 144): the whole, its middle 90 and its middle 81 percent, of mean 0 and norm 1;
    ``detail`` (n, 64, 64) half precision; ``flat`` (n,): has no detail that could be compared.
    """

    views: Tensor
    detail: Tensor
    flat: Tensor


class NearCopies(NamedTuple):
    """Pairs: row of the query, row of its partner, agreement, orientation, zoom; each (P,).

    The query turned by ``orient(query, orientation)`` lies on the partner and covers ``zoom`` of
    its side: below 1 it is a crop of the partner, above 1 the partner is a crop of it.
    """

    query: Tensor
    against: Tensor
    score: Tensor
    orientation: Tensor
    zoom: Tensor


def orient(pictures: Tensor, orientation: int) -> Tensor:
    """Pictures ``(..., H, W)`` mirrored left to right from 4 on, then turned anticlockwise."""
    mirrored = pictures.flip(-1) if orientation >= 4 else pictures
    return mirrored.rot90(orientation % 4, (-2, -1))


def sketch(grey: Tensor) -> Sketches:
    """Sketch pictures ``(n, 64, 64)``, grey from 0 to 255, each squeezed to a square.

    Raises:
        ValueError: if they have another shape.
    """
    if grey.ndim != 3 or grey.shape[1:] != (SIDE, SIDE):
        raise ValueError(f'pictures must be (n, {SIDE}, {SIDE}), got {tuple(grey.shape)}')
    views = []
    for crop in CROPS:
        cut = round(SIDE * (1 - crop) / 2)
        middle = grey[:, cut : SIDE - cut, cut : SIDE - cut].unsqueeze(1)
        views.append(F.interpolate(middle, size=(TINY, TINY), mode='bilinear', antialias=True))
    tiny = torch.cat(views, dim=1).flatten(2)
    tiny = F.normalize(tiny - tiny.mean(dim=-1, keepdim=True), dim=-1, eps=1e-3)
    detail = details(grey)
    return Sketches(tiny, detail.half(), detail.square().mean(dim=(1, 2)).sqrt() < FLAT)


def find_near_copies(
    query: Sketches, against: Sketches, threshold: float, keep: int = 8, tile: int = 2048
) -> NearCopies:
    """Pairs that agree to ``threshold`` or better, in the order of the queries.

    Found are copies that were resized, compressed, brightened, changed in contrast, turned by
    quarters, mirrored, cut to three quarters of a side or shifted by a twentieth.

    Args:
        query: ``Q`` pictures; ``Q`` times ``keep`` pairs are aligned.
        against: ``G`` pictures.
        threshold: lowest agreement, from 0.5 to 1; below that, pairs are not aligned to the end.
        keep: partners of a picture that are aligned, so that it has at most so many copies.
        tile: pictures of ``against`` at a time; ``(256, tile)`` products are held.

    Raises:
        ValueError: if ``threshold`` or ``keep`` is out of range, or a set is empty.
    """
    if not 0.5 <= threshold <= 1:
        raise ValueError(f'threshold must lie between 0.5 and 1, got {threshold}')
    if keep < 1:
        raise ValueError(f'keep must be at least 1, got {keep}')
    if len(query.views) == 0 or len(against.views) == 0:
        raise ValueError('each set must have at least one picture')
    ids = torch.cat([_likely(rows, against.views, keep, tile) for rows in query.views.split(ROWS)])
    mine, theirs = torch.arange(len(ids)).repeat_interleave(ids.shape[1]), ids.flatten()
    textured = ~(query.flat[mine] | against.flat[theirs])
    pairs = torch.stack([mine[textured], theirs[textured]])
    parts = [_aligned(query, against, *part, threshold) for part in pairs.split(PAIRS, dim=1)]
    return NearCopies(*map(torch.cat, zip(*parts, strict=True)))


def _likely(query: Tensor, against: Tensor, keep: int, tile: int) -> Tensor:
    """Rows ``(Q, keep)`` of ``against`` most like each query, in any orientation and zoom."""
    turned = _turned(query)
    score, ids = query.new_empty(len(query), 0), torch.empty(len(query), 0, dtype=torch.long)
    for start in range(0, len(against), tile):
        columns = against[start : start + tile]
        product = query.new_full((len(query), len(columns)), -1.0)
        for own, other in ZOOMS:
            for rows in turned:
                torch.maximum(product, rows[:, own] @ columns[:, other].T, out=product)
        rows = torch.arange(start, start + len(columns)).expand(len(query), -1)
        score, ids = torch.cat([score, product], dim=1), torch.cat([ids, rows], dim=1)
        score, best = score.topk(min(keep, score.shape[1]), dim=1)
        ids = ids.gather(1, best)
    return ids


def _aligned(
    query: Sketches, against: Sketches, mine: Tensor, theirs: Tensor, threshold: float
) -> NearCopies:
    views = torch.stack(_turned(query.views[mine]), dim=1)
    likeness = torch.stack(
        [(views[:, :, own] * against.views[theirs, None, other]).sum(-1) for own, other in ZOOMS],
        dim=2,
    )
    best = likeness.flatten(1).argmax(dim=1)
    orientation = best // len(ZOOMS)
    start = torch.tensor([CROPS[other] / CROPS[own] for own, other in ZOOMS])[best % len(ZOOMS)]
    detail = query.detail[mine].float()
    for turn in range(1, ORIENTATIONS):
        rows = orientation == turn
        detail[rows] = orient(detail[rows], turn)
    score, place = align(detail, against.detail[theirs].float(), start)
    copy = score >= threshold
    return NearCopies(mine[copy], theirs[copy], score[copy], orientation[copy], place[copy, 0])


def _turned(views: Tensor) -> list[Tensor]:
    square = views.unflatten(-1, (TINY, TINY))
    return [orient(square, orientation).flatten(-2) for orientation in range(ORIENTATIONS)]
