"""Near-copies: pictures of two sets that show the same ground at the same time.

The search has two steps: the first is cheap, the second is reliable. First, tiny pictures in eight
orientations and at five zooms are compared by matrix products; there, sand, sea and fields look
alike. Then the best few are laid over each other by :mod:`pir_mm.datasets.audit.alignment`.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from pir_mm.datasets.audit.alignment import align, details

SIDE = 64
VIEW_SIDE = 12
ORIENTATIONS = 8
CROPS = (1.0, 0.9, 0.81)
CROP_PAIRS = ((0, 0), (0, 1), (0, 2), (1, 0), (2, 0))  # crop of the query, crop of the partner
FLAT_BELOW = 0.5  # standard deviation of the detail, in grey levels of 255
QUERY_CHUNK, PAIR_CHUNK = 256, 256


class Descriptors(NamedTuple):
    """What is kept of ``n`` pictures, 10 KB each.

    Attributes:
        views: ``(n, 3, 144)``: the picture, its middle 90 percent and its middle 81 percent, each
            with mean 0 and norm 1.
        detail: ``(n, 64, 64)`` in half precision.
        flat: ``(n,)`` bool: the picture has too little detail to be compared.
    """

    views: Tensor
    detail: Tensor
    flat: Tensor


class NearCopies(NamedTuple):
    """Pairs of near-copies, each value ``(P,)``.

    Attributes:
        query: row of the query.
        gallery: row of its partner in the gallery.
        score: agreement, at most 1.
        orientation: ``orient(query, orientation)`` lies on the partner.
        zoom: side of the query as a share of the side of its partner. Below 1 the query is a crop
            of the partner, above 1 the partner is a crop of the query.
    """

    query: Tensor
    gallery: Tensor
    score: Tensor
    orientation: Tensor
    zoom: Tensor


def orient(pictures: Tensor, orientation: int) -> Tensor:
    """Mirror pictures ``(..., H, W)`` left to right from 4 on, then turn them anticlockwise.

    Args:
        pictures: square or not.
        orientation: 0 to 7; its remainder by 4 is the number of quarter turns.
    """
    mirrored = pictures.flip(-1) if orientation >= 4 else pictures
    return mirrored.rot90(orientation % 4, (-2, -1))


def describe(grey: Tensor) -> Descriptors:
    """Descriptors of pictures ``(n, 64, 64)``, grey from 0 to 255, each resized to a square.

    Raises:
        ValueError: if they have another shape.
    """
    if grey.ndim != 3 or grey.shape[1:] != (SIDE, SIDE):
        raise ValueError(f'pictures must be (n, {SIDE}, {SIDE}), got {tuple(grey.shape)}')
    views = []
    for crop in CROPS:
        cut = round(SIDE * (1 - crop) / 2)
        middle = grey[:, cut : SIDE - cut, cut : SIDE - cut].unsqueeze(1)
        size = (VIEW_SIDE, VIEW_SIDE)
        views.append(F.interpolate(middle, size=size, mode='bilinear', antialias=True))
    tiny = torch.cat(views, dim=1).flatten(2)
    tiny = F.normalize(tiny - tiny.mean(dim=-1, keepdim=True), dim=-1, eps=1e-3)
    detail = details(grey)
    return Descriptors(tiny, detail.half(), detail.square().mean(dim=(1, 2)).sqrt() < FLAT_BELOW)


def find_near_copies(
    query: Descriptors,
    gallery: Descriptors,
    threshold: float,
    candidates: int = 8,
    chunk: int = 2048,
) -> NearCopies:
    """Pairs with an agreement of at least ``threshold``, in the order of the queries.

    A copy may be resized, compressed, brighter, changed in contrast, turned by quarters, mirrored,
    cropped to three quarters of a side or shifted by a twentieth of a side.

    Args:
        query: descriptors of ``Q`` pictures.
        gallery: descriptors of ``G`` pictures.
        threshold: lowest agreement, from 0.5 to 1. The search of a worse pair may stop early.
        candidates: gallery pictures that are aligned with each query, and so the largest number
            of copies of a query.
        chunk: gallery pictures at a time; ``(256, chunk)`` products are in memory.

    Raises:
        ValueError: if ``threshold`` or ``candidates`` is out of range, or a set is empty.
    """
    if not 0.5 <= threshold <= 1:
        raise ValueError(f'threshold must be between 0.5 and 1, got {threshold}')
    if candidates < 1:
        raise ValueError(f'candidates must be at least 1, got {candidates}')
    if len(query.views) == 0 or len(gallery.views) == 0:
        raise ValueError('each set must have at least one picture')
    best = [
        _most_similar(views, gallery.views, candidates, chunk)
        for views in query.views.split(QUERY_CHUNK)
    ]
    gallery_rows = torch.cat(best)
    query_rows = torch.arange(len(gallery_rows), device=gallery_rows.device)
    query_rows = query_rows.repeat_interleave(gallery_rows.shape[1])
    pairs = torch.stack([query_rows, gallery_rows.flatten()])
    pairs = pairs[:, ~(query.flat[pairs[0]] | gallery.flat[pairs[1]])]
    parts = [_aligned(query, gallery, *part, threshold) for part in pairs.split(PAIR_CHUNK, dim=1)]
    return NearCopies(*map(torch.cat, zip(*parts, strict=True)))


def _most_similar(query: Tensor, gallery: Tensor, candidates: int, chunk: int) -> Tensor:
    """Gallery rows ``(Q, candidates)`` most similar to each query, in any orientation and zoom."""
    oriented = _all_orientations(query)
    score = query.new_empty(len(query), 0)
    rows = query.new_empty(len(query), 0, dtype=torch.long)
    for start in range(0, len(gallery), chunk):
        part = gallery[start : start + chunk]
        product = query.new_full((len(query), len(part)), -1.0)
        for own, other in CROP_PAIRS:
            for views in oriented:
                torch.maximum(product, views[:, own] @ part[:, other].T, out=product)
        part_rows = torch.arange(start, start + len(part), device=rows.device)
        score = torch.cat([score, product], dim=1)
        rows = torch.cat([rows, part_rows.expand(len(query), -1)], dim=1)
        score, best = score.topk(min(candidates, score.shape[1]), dim=1)
        rows = rows.gather(1, best)
    return rows


def _aligned(
    query: Descriptors,
    gallery: Descriptors,
    query_rows: Tensor,
    gallery_rows: Tensor,
    threshold: float,
) -> NearCopies:
    """Those of the pairs that agree to ``threshold`` or better after their alignment."""
    views = torch.stack(_all_orientations(query.views[query_rows]), dim=1)
    similarity = torch.stack(
        [
            (views[:, :, own] * gallery.views[gallery_rows, None, other]).sum(-1)
            for own, other in CROP_PAIRS
        ],
        dim=2,
    )
    best = similarity.flatten(1).argmax(dim=1)
    orientation = best // len(CROP_PAIRS)
    zooms = similarity.new_tensor([CROPS[other] / CROPS[own] for own, other in CROP_PAIRS])
    detail = query.detail[query_rows].float()
    for turn in range(1, ORIENTATIONS):
        rows = orientation == turn
        detail[rows] = orient(detail[rows], turn)
    start = zooms[best % len(CROP_PAIRS)]
    score, placement = align(detail, gallery.detail[gallery_rows].float(), start)
    copy = score >= threshold
    return NearCopies(
        query_rows[copy], gallery_rows[copy], score[copy], orientation[copy], placement[copy, 0]
    )


def _all_orientations(views: Tensor) -> list[Tensor]:
    square = views.unflatten(-1, (VIEW_SIDE, VIEW_SIDE))
    return [orient(square, orientation).flatten(-2) for orientation in range(ORIENTATIONS)]
