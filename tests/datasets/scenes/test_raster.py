import numpy as np
import pytest

from pir_mm.datasets.scenes.raster import filled


def winding(outline, x, y):
    """Signed number of edges that a ray to the left of (x, y) crosses."""
    turns = 0
    for (ax, ay), (bx, by) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if min(ay, by) <= y < max(ay, by):
            crossing = ax + (y - ay) * (bx - ax) // (by - ay)
            turns += int(np.sign(by - ay)) * (crossing <= x)
    return turns


@pytest.mark.parametrize('corners', [3, 4, 7])
def test_agrees_with_a_ray_from_each_pixel(corners):
    random = np.random.default_rng(corners)
    for _ in range(20):
        outlines = [random.integers(-60, 300, (corners, 2)) for _ in range(random.integers(1, 3))]
        got = filled(outlines, 14, 12)
        for (row, column), inside in np.ndenumerate(got):
            turns = sum(winding(outline, 16 * column, 16 * row) for outline in outlines)
            assert inside == (turns != 0)


def test_a_box_by_hand():
    outline = np.array([(16, 16), (48, 16), (48, 40), (16, 40)])
    assert filled([outline], 5, 4).tolist() == [
        [0, 0, 0, 0, 0],
        [0, 1, 1, 0, 0],
        [0, 1, 1, 0, 0],
        [0, 0, 0, 0, 0],
    ]


def test_overlapping_outlines_make_a_union_and_edges_are_shared_once():
    left, right = np.array([(0, 0), (32, 0), (32, 64), (0, 64)]), np.array((32, 0))
    assert filled([left, left + right // 2], 6, 4).sum() == 12
    assert (filled([left], 6, 4) + filled([left + right], 6, 4)).max() == 1


def test_outside_the_sheet_there_is_nothing():
    assert filled([np.array([(-90, -90), (-50, -90), (-50, -50)])], 4, 4).sum() == 0
    assert filled([np.array([(0, 8), (40, 8), (40, 8)])], 4, 4).sum() == 0
