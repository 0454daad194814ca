"""Indicators of semantic localisation: how well a heat map of a sentence meets the truth.

Yuan et al., *Learning to Evaluate Performance of Multi-modal Semantic Localization*, TGRS 2022
(doi 10.1109/TGRS.2022.3207171). Steps and constants are those of the authors' public evaluation
script, which made the numbers of their tables. For a heat map ``p`` in 0 to 1 of true regions
``G`` with centres ``c`` and radii ``r``, and attention centres ``a``:

- ``Rsu = 1 - exp(-0.707 * (sum of p in G / sum of p outside) * (area outside / area of G))``, the
  share of attention that lies in the truth, against its area. It grows with the contrast.
- ``Ras = (exp(3 g) - 1) / (exp(3) - 1)``, the shift of attention: ``g`` is the mean over regions of
  the mean distance to ``c`` of the centres ``a`` within ``r``, divided by ``r``; 1 without any.
- ``Rda``: the mean over regions of 0 if no ``a`` is within ``r``, 1 if one is, else
  ``0.5 (1 - d / r) + exp(-0.5 (n + 2))`` for ``n`` of them at the mean distance ``d`` from their
  middle: attention on several points counts less.
- ``Rmi = 0.4 Rsu + 0.35 (1 - Ras) + 0.25 Rda``.

``c`` is the mean of a region's corners and ``r`` 1.5 times their mean distance to it. Attention
centres are the middles of plateaus that are the greatest within 500 pixels after five box filters
of 50 pixels on 8-bit values, where ``p`` is 0.5 or more. A pixel of the paper is about 0.3 m.

Where this differs: the authors smooth a map by a median of 251 pixels before they save it as a
JPEG, and evaluate the file; here the map itself is evaluated. Centres and radii are not rounded to
whole pixels, and pixels that no window covers are left out of sums and areas.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

CONTRAST, SPREAD, SHARPNESS, CROWD = 0.707, 1.5, 3.0, 0.5
WEIGHTS = {'rsu': 0.4, 'ras': 0.35, 'rda': 0.25}
SMOOTHINGS, BOX_PX, NEIGHBOURHOOD_PX = 5, 50, 1000
NEIGHBOURS = ((0, 1), (1, -1), (1, 0), (1, 1))
"""Row and column steps to half of a pixel's eight neighbours; the others look back."""


class LocalisationIndicators(NamedTuple):
    """Each between 0 and 1; all but ``ras`` are better when larger."""

    rsu: float
    ras: float
    rda: float
    rmi: float


def localisation_indicators(
    heat: np.ndarray,
    mask: np.ndarray,
    outlines: Sequence[np.ndarray],
    shrink: float = 1.0,
) -> LocalisationIndicators:
    """Compare a heat map with the true regions of a sentence.

    Args:
        heat: ``(H, W)`` in any range; the least becomes 0 and the greatest 1. NaN is left out.
        mask: ``(H, W)`` bool, the pixels of all regions.
        outlines: corners ``(V, 2)`` of each region, column and row, the first not again at the end.
        shrink: how many pixels of the picture a pixel of the map is wide. The sizes of the box and
            of the neighbourhood are divided by it.

    Raises:
        ValueError: if shapes differ, no region or no pixel of one is given, the regions cover all,
            or the map is the same everywhere.
    """
    known = np.isfinite(heat)
    if mask.shape != heat.shape:
        raise ValueError(f'a heat map {heat.shape} has a mask {mask.shape}')
    if not outlines or not (mask & known).any():
        raise ValueError('no pixel of the heat map lies in a true region')
    if (mask | ~known).all():
        raise ValueError('the true regions cover the whole heat map: nothing lies outside')
    low, high = np.nanmin(heat), np.nanmax(heat)
    if low == high:
        raise ValueError('the heat map is the same everywhere: it has no attention')
    grey = np.where(known, 255 * ((heat - low) / (high - low)), 0).astype(np.uint8)
    centres = attention_centres(grey, shrink)
    circles = [region_circle(outline) for outline in outlines]
    near = [centres[np.linalg.norm(centres - c, axis=1) <= r] for c, r in circles]
    rsu = _salient_share(grey, mask & known, known)
    shift = np.mean([_shift(a, c, r) for a, (c, r) in zip(near, circles, strict=True)])
    ras = float(np.expm1(SHARPNESS * shift) / np.expm1(SHARPNESS))
    rda = float(np.mean([_focus(a, r) for a, (_, r) in zip(near, circles, strict=True)]))
    return LocalisationIndicators(rsu, ras, rda, mean_indicator(rsu, ras, rda))


def mean_indicator(rsu: float, ras: float, rda: float) -> float:
    """``Rmi``, the weighted mean of the three, larger is better."""
    return WEIGHTS['rsu'] * rsu + WEIGHTS['ras'] * (1 - ras) + WEIGHTS['rda'] * rda


def region_circle(outline: np.ndarray) -> tuple[np.ndarray, float]:
    """Centre ``(2,)`` and radius in which attention counts as that of a region."""
    centre = outline.mean(axis=0)
    return centre, SPREAD * float(np.linalg.norm(outline - centre, axis=1).mean())


def attention_centres(grey: np.ndarray, shrink: float = 1.0) -> np.ndarray:
    """Where attention is greatest.

    Args:
        grey: ``(H, W)`` uint8 heat map.
        shrink: how many pixels of the picture one of ``grey`` is wide.

    Returns:
        ``(n, 2)`` columns and rows, maybe none.
    """
    smooth = grey
    for _ in range(SMOOTHINGS):
        smooth = box_filter(smooth, box_side(shrink))
    greatest = maximum_filter(smooth, max(2, round(NEIGHBOURHOOD_PX / shrink)))
    rows, columns = np.nonzero((smooth == greatest) & (smooth > 0))
    label = _components(rows, columns, grey.shape)
    number = np.bincount(label)
    middles = np.column_stack([np.bincount(label, part) / number for part in (columns, rows)])
    column, row = middles.astype(np.int64).T
    return middles[grey[row, column] >= 127.5]


def box_side(shrink: float) -> int:
    """Side of the box that smooths a map: of a smaller map the nearest odd number.

    An even box moves a map by half a pixel, which is little where pixels are as small as theirs.
    """
    return BOX_PX if shrink == 1 else 1 + 2 * round((BOX_PX / shrink - 1) / 2)


def box_filter(grey: np.ndarray, side: int) -> np.ndarray:
    """The mean of ``side`` x ``side`` pixels, ``side // 2`` of them before each pixel.

    Edges are mirrored without repeating the outermost pixel, means rounded to uint8.
    """
    total = grey.astype(np.int32)
    for axis in (0, 1):
        pad = [(0, 0), (0, 0)]
        pad[axis] = (side // 2 + 1, side - 1 - side // 2)
        running = np.pad(total, pad, mode='reflect').cumsum(axis=axis, dtype=np.int64)
        total = np.take(running, np.arange(side, running.shape[axis]), axis)
        total -= np.take(running, np.arange(grey.shape[axis]), axis)
    return np.rint(total / side**2).astype(np.uint8)


def maximum_filter(grey: np.ndarray, side: int) -> np.ndarray:
    """The greatest of ``side`` x ``side`` pixels, ``side // 2`` of them before each pixel.

    Windows are doubled until they are long enough, so the cost grows with the logarithm of the
    side.
    """
    for axis in (0, 1):
        length = grey.shape[axis]
        pad = [(0, 0), (0, 0)]
        pad[axis] = (side // 2, side - 1 - side // 2)
        found = np.moveaxis(np.pad(grey, pad), axis, 0)
        reach = 1
        while 2 * reach <= side:
            found = np.maximum(found[:-reach], found[reach:])
            reach *= 2
        rest = side - reach
        grey = np.moveaxis(np.maximum(found[:length], found[rest : rest + length]), 0, axis)
    return grey


def _components(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Numbers from 0 of the connected sets of pixels, by their eight neighbours."""
    number = np.full((shape[0] + 1, shape[1] + 2), -1, dtype=np.int64)
    number[rows, columns + 1] = np.arange(len(rows))
    first, second = [], []
    for down, right in NEIGHBOURS:
        other = number[rows + down, columns + 1 + right]
        first.append(np.flatnonzero(other >= 0))
        second.append(other[other >= 0])
    a, b = np.concatenate(first), np.concatenate(second)
    label = np.arange(len(rows))
    while (label[a] != label[b]).any():
        low = np.minimum(label[a], label[b])
        np.minimum.at(label, np.maximum(label[a], label[b]), low)
        while (label[label] != label).any():
            label = label[label]
    return np.unique(label, return_inverse=True)[1]


def _salient_share(grey: np.ndarray, mask: np.ndarray, known: np.ndarray) -> float:
    inside = float(grey[mask].sum(dtype=np.float64)) / 255
    outside = float(grey.sum(dtype=np.float64)) / 255 - inside
    area = mask.sum() / (known.sum() - mask.sum())
    return float(-np.expm1(-CONTRAST * inside / (outside + 1e-7) / area))


def _shift(near: np.ndarray, centre: np.ndarray, radius: float) -> float:
    return float(np.linalg.norm(near - centre, axis=1).mean()) / radius if len(near) else 1.0


def _focus(near: np.ndarray, radius: float) -> float:
    if len(near) <= 1:
        return float(len(near))
    distance = np.linalg.norm(near - near.mean(axis=0), axis=1).mean()
    return float(0.5 * (1 - distance / radius) + np.exp(-CROWD * (len(near) + 2)))
