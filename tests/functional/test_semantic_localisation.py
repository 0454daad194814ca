"""The indicators are those of the paper's script, and better maps have better ones."""

import cv2
import numpy as np
import pytest

from pir_mm.functional.semantic_localisation import (
    attention_centres,
    box_filter,
    box_side,
    localisation_indicators,
    maximum_filter,
    mean_indicator,
)

SHRINK = 20  # boxes of 3 pixels, neighbourhoods of 50


def square(left, top, side):
    return np.array(
        [(left, top), (left + side, top), (left + side, top + side), (left, top + side)]
    )


def mask_of(outlines, shape):
    mask = np.zeros(shape, bool)
    for (left, top), _, (right, bottom), _ in outlines:
        mask[int(top) : int(bottom), int(left) : int(right)] = True
    return mask


def spots(shape, *places, width=8.0):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    bumps = [np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / width**2) for x, y in places]
    return np.maximum.reduce(bumps)


def centres_by_opencv(grey, box, side):
    """The same steps with OpenCV's filters."""
    smooth = grey
    for _ in range(5):
        smooth = cv2.boxFilter(smooth, -1, (box, box))
    anchor = (side // 2, side // 2)
    greatest = cv2.dilate(smooth, np.ones((side, side), np.uint8), anchor=anchor)
    plateau = ((smooth == greatest) & (smooth > 0)).astype(np.uint8)
    *_, middles = cv2.connectedComponentsWithStats(plateau, connectivity=8)
    kept = [m for m in middles[1:] if grey[int(m[1]), int(m[0])] >= 127.5]
    return sorted(map(tuple, kept))


def one_by_one(heat, mask, outlines):
    """The indicators, region by region and centre by centre."""
    grey = (255 * (heat - heat.min()) / (heat.max() - heat.min())).astype(np.uint8)
    p = grey / 255
    ratio = p[mask].sum() / p[~mask].sum() * (~mask).sum() / mask.sum()
    rsu = 1 - np.exp(-0.707 * ratio)
    centres = centres_by_opencv(grey, 3, 50)
    shifts, focus = [], []
    for outline in outlines:
        x, y = outline.mean(axis=0)
        radius = 1.5 * np.mean([np.hypot(u - x, v - y) for u, v in outline])
        near = [(u, v) for u, v in centres if np.hypot(u - x, v - y) <= radius]
        away = [np.hypot(u - x, v - y) for u, v in near]
        shifts.append(np.mean(away) / radius if near else 1)
        if len(near) > 1:
            middle = np.mean(near, axis=0)
            spread = np.mean([np.hypot(*(np.array(c) - middle)) for c in near]) / radius
            focus.append(0.5 * (1 - spread) + np.exp(-0.5 * (len(near) + 2)))
        else:
            focus.append(len(near))
    ras = (np.exp(3 * np.mean(shifts)) - 1) / (np.exp(3) - 1)
    return rsu, ras, np.mean(focus), 0.4 * rsu + 0.35 * (1 - ras) + 0.25 * np.mean(focus)


@pytest.mark.parametrize(('shrink', 'side'), [(1, 50), (2, 25), (5, 9), (20, 3), (30, 1), (500, 1)])
def test_a_smaller_map_is_smoothed_by_an_odd_box(shrink, side):
    assert box_side(shrink) == side


def test_the_mean_of_a_published_case():
    """The authors' page prints these four numbers of their case 31."""
    assert mean_indicator(0.9281, 0.0633, 0.4689) == pytest.approx(0.8163, abs=5e-5)


def test_a_map_that_is_the_truth_by_hand():
    heat = np.zeros((60, 60))
    heat[20:40, 20:40] = 1
    outlines = [square(20, 20, 20)]
    found = localisation_indicators(heat, mask_of(outlines, heat.shape), outlines, shrink=30)
    assert found.rsu == pytest.approx(1)  # nothing outside
    assert found.rda == 1  # one centre
    radius = 1.5 * np.hypot(10, 10)
    shift = np.hypot(0.5, 0.5) / radius  # middles of pixels and corners differ by a half
    assert found.ras == pytest.approx(np.expm1(3 * shift) / np.expm1(3))
    assert found.rmi == pytest.approx(0.65 + 0.35 * (1 - found.ras))


def test_a_map_without_contrast_by_hand():
    """Half inside and half outside; a pixel each of 0 and 1 sets the range."""
    heat = np.full((50, 50), 0.5)
    heat[0, :2] = 0, 1
    outlines = [square(20, 20, 10)]
    found = localisation_indicators(heat, mask_of(outlines, heat.shape), outlines, shrink=SHRINK)
    inside = 127 * 100
    outside = 127 * (2400 - 2) + 255
    assert found.rsu == pytest.approx(1 - np.exp(-0.707 * inside / outside * 2400 / 100))


def test_attention_elsewhere_has_no_centre():
    heat = spots((120, 120), (100, 100))
    outlines = [square(10, 10, 20)]
    found = localisation_indicators(heat, mask_of(outlines, heat.shape), outlines, SHRINK)
    assert (found.ras, found.rda) == (pytest.approx(1), 0)


@pytest.mark.parametrize(
    ('places', 'regions'),
    [
        ([(30, 40)], [(20, 30, 20)]),
        ([(30, 40), (120, 90)], [(20, 30, 25), (110, 60, 30)]),
        ([(30, 40), (95, 40)], [(20, 10, 80)]),  # two centres in one region
        ([(30, 40), (95, 40), (60, 95)], [(10, 10, 100), (140, 100, 20)]),
    ],
)
def test_agrees_with_the_steps_one_by_one(places, regions):
    noise = np.random.default_rng(0).random((130, 170)) * 0.02
    heat = spots((130, 170), *places) + noise
    outlines = [square(*region) for region in regions]
    mask = mask_of(outlines, heat.shape)
    found = localisation_indicators(heat, mask, outlines, SHRINK)
    np.testing.assert_allclose(found, one_by_one(heat, mask, outlines), atol=1e-9)


def test_a_map_nearer_to_the_truth_is_better_and_the_range_does_not_matter():
    outlines = [square(40, 40, 30)]
    mask = mask_of(outlines, (110, 110))
    near, off = spots((110, 110), (55, 55)), spots((110, 110), (75, 60))
    good, bad = (localisation_indicators(h, mask, outlines, SHRINK) for h in (near, off))
    assert good.rsu > bad.rsu and good.ras < bad.ras and good.rmi > bad.rmi
    assert localisation_indicators(0.3 * near - 7, mask, outlines, SHRINK) == good


def test_what_no_window_covers_counts_nowhere():
    outlines = [square(10, 10, 10)]
    heat = spots((60, 60), (15, 15))
    left = heat[:, :40]
    wide = np.where(np.arange(60) < 40, heat, np.nan)
    masks = mask_of(outlines, left.shape), mask_of(outlines, wide.shape)
    alone, within = (
        localisation_indicators(h, m, outlines, 100)
        for h, m in zip((left, wide), masks, strict=True)
    )
    assert within.rsu == pytest.approx(alone.rsu)


@pytest.mark.parametrize('shape', [(1, 1), (1, 9), (23, 17)])
@pytest.mark.parametrize('side', [1, 2, 3, 8, 50])
def test_filters_are_those_of_opencv(shape, side):
    grey = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    if min(shape) > side // 2:  # mirrors once
        exact = cv2.boxFilter(grey.astype(float), -1, (side, side))
        np.testing.assert_allclose(box_filter(grey, side), exact, atol=0.5 + 1e-9)
    kernel = np.ones((side, side), np.uint8)
    wanted = cv2.dilate(grey, kernel, anchor=(side // 2, side // 2))
    np.testing.assert_array_equal(maximum_filter(grey, side), wanted)


def test_plateaus_that_touch_are_one_whatever_their_shape():
    grey = np.zeros((40, 40), np.uint8)
    grey[5:16, [5, 15]] = grey[[5, 15], 5:16] = 200  # a ring around
    grey[10, 10] = 200  # a pixel in its middle
    grey[np.arange(20, 33), np.arange(36, 23, -1)] = 200  # a diagonal
    found = sorted(map(tuple, attention_centres(grey, shrink=500)))  # no smoothing
    np.testing.assert_allclose(found, centres_by_opencv(grey, 1, 2))
    assert found == [(10, 10), (10, 10), (30, 26)]


def test_says_what_cannot_be_compared():
    heat = spots((30, 30), (9, 9))
    outlines = [square(5, 5, 10)]
    mask = mask_of(outlines, heat.shape)
    for arguments, message in [
        ((heat, mask[:-1], outlines), r'map \(30, 30\) has a mask \(29, 30\)'),
        ((heat, np.zeros_like(mask), outlines), 'no pixel of the heat map lies in a true region'),
        ((heat, mask, []), 'no pixel'),
        ((heat, np.ones_like(mask), outlines), 'cover the whole heat map'),
        ((np.ones_like(heat), mask, outlines), 'the same everywhere'),
    ]:
        with pytest.raises(ValueError, match=message):
            localisation_indicators(*arguments)
