"""Windows cover every pixel, have the size asked for, and stay inside."""

import numpy as np
import pytest

from pir_mm.search.tiling import Tiling, starts

NOWHERE, TEN_METRES = None, (10.0, 10.0)


def test_a_raster_cut_by_hand():
    grid = Tiling(4, 1).grid(9, 5, NOWHERE)
    assert list(grid) == [
        *((0, 0, 4, 4), (3, 0, 4, 4), (5, 0, 4, 4)),
        *((0, 1, 4, 4), (3, 1, 4, 4), (5, 1, 4, 4)),
    ]
    assert len(grid) == 6


@pytest.mark.parametrize('width', [1, 5, 8, 23])
@pytest.mark.parametrize('height', [1, 8, 19])
@pytest.mark.parametrize(('size', 'overlap'), [(5, 0), (5, 2), (8, 7), (100, 0)])
def test_every_pixel_is_covered_and_no_window_leaves(width, height, size, overlap):
    seen = np.zeros((height, width), int)
    grid = Tiling(size, overlap).grid(width, height, NOWHERE)
    for column, row, w, h in grid:
        assert (w, h) == (min(size, width), min(size, height))
        assert 0 <= column <= width - w and 0 <= row <= height - h
        seen[row : row + h, column : column + w] += 1
    assert seen.min() >= 1
    assert len(set(grid)) == len(grid)


def test_neighbours_overlap_as_asked_and_the_last_more():
    assert list(starts(20, 8, 6)) == [0, 6, 12]
    assert list(starts(21, 8, 6)) == [0, 6, 12, 13]
    assert list(starts(8, 8, 6)) == list(starts(3, 8, 6)) == [0]


def test_without_a_size_a_picture_stays_whole_and_a_raster_is_cut():
    assert len(Tiling().grid(1024, 900, NOWHERE)) == 1
    assert len(Tiling().grid(1025, 256, NOWHERE)) == 5
    assert len(Tiling().grid(1024, 512, TEN_METRES)) == 8
    assert len(Tiling(1000).grid(1024, 900, NOWHERE)) == 2


def test_metres_are_metres_on_the_ground_where_there_is_a_place():
    tiling = Tiling('640m', '120 m')
    assert next(iter(tiling.grid(1000, 1000, TEN_METRES))) == (0, 0, 64, 64)
    assert tiling.grid(1000, 1000, TEN_METRES).columns[:2] == (0, 52)
    assert next(iter(tiling.grid(1000, 1000, (5.0, 20.0)))) == (0, 0, 128, 32)
    assert next(iter(tiling.grid(1000, 1000, NOWHERE))) == (0, 0, 256, 256)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (('wide',), "tile size must be pixels, such as 256, or metres, such as 640m, got 'wide'"),
        ((-3,), 'tile size must be .* got -3'),
        ((0,), 'tile size must be above 0, got 0'),
        ((64, 64), 'overlap 64 must be below the tile size, 64'),
        ((None, 256), 'overlap 256 must be below the tile size, 256'),
        (('64m', '70m'), 'overlap 70m must be below the tile size, 64'),
    ],
)
def test_a_wrong_size_is_told_at_once(arguments, message):
    with pytest.raises(ValueError, match=message):
        Tiling(*arguments)


def test_what_a_raster_does_not_allow_is_told_with_its_numbers():
    with pytest.raises(ValueError, match=r'tiles too small: a tile of 5m .* is 10 m'):
        Tiling('5m').grid(100, 100, TEN_METRES)
    with pytest.raises(
        ValueError, match='tiles too small: an overlap of 40 is 40 pixels, a tile 8'
    ):
        Tiling('80m', 40).grid(100, 100, TEN_METRES)
    with pytest.raises(ValueError, match='too many tiles: 2000000000 x 2000000000 pixels give'):
        Tiling().grid(2_000_000_000, 2_000_000_000, NOWHERE)
