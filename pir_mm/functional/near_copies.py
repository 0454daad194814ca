"""Which pictures of two sets show the same ground at the same time.

Two steps, as one is cheap and the other is sure. Tiny pictures, in eight orientations and at five
zooms, are compared by matrix products; sand, sea and fields look alike there. The few best are
then laid over each other (:mod:`pir_mm.functional.copy_alignment`), and only detail counts: light
that falls off to one side is none, so flat pictures match only where their faint traces do.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from pir_mm.functional.copy_alignment import align, details

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
