"""Results of one place are one, and the order decides which."""

import numpy as np
import pytest
import shapely

from pir_mm.search import Tile
from pir_mm.search.georeference import Georeference
from pir_mm.search.place_merging import SHARED, merge_places
from pir_mm.search.tile_source import Source
from pir_mm.search.tiling import Grid

PLACE = Georeference('EPSG:32633', (10.0, 0.0, 4e5, 0.0, -10.0, 5.5e6))
FIJI = Georeference('EPSG:4326', (0.01, 0.0, 179.9, 0.0, -0.01, -16.0))


def tile(source, window, place=None):
    return Source(source, (999, 999), Grid((0, 1), (0,), 9, 9), place).tile(window)


def test_the_best_of_a_place_is_kept_and_the_others_are_counted():
    tiles = [
        tile('a', (0, 0, 64, 64), PLACE),
        tile('a', (200, 0, 64, 64), PLACE),
        tile('a', (32, 0, 64, 64), PLACE),  # half of the first
        tile('b', (5, 5, 64, 64), PLACE),  # another raster over it
        tile('a', (64, 0, 64, 64), PLACE),  # only touches the first
        tile('a', (240, 0, 64, 64), PLACE),  # three eighths of the second
        tile('a', (0, 60, 64, 64), PLACE),  # a sixteenth of the first
    ]
    assert merge_places(tiles) == [(0, 2), (1, 1), (4, 0), (6, 0)]


def test_a_tile_between_two_counts_for_the_better():
    tiles = [tile('a', (x, 0, 64, 64)) for x in (0, 64, 32)]
    assert merge_places(tiles) == [(0, 1), (1, 0)]
    assert merge_places(tiles[::-1]) == [(0, 2)]


def test_without_a_place_a_file_is_compared_with_itself_alone():
    same = (0, 0, 64, 64)
    assert merge_places([tile('a', same), tile('b', same)]) == [(0, 0), (1, 0)]
    assert merge_places([tile('a', same), tile('b', same), tile('a', (8, 8, 64, 64))]) == [
        (0, 1),
        (1, 0),
    ]
    # a raster and a picture of its pixels have nothing in common
    assert merge_places([tile('a', same, PLACE), tile('b', same)]) == [(0, 0), (1, 0)]


def test_a_small_tile_inside_a_large_one_shows_its_place():
    tiles = [tile('a', (0, 0, 640, 640), PLACE), tile('b', (500, 500, 64, 64), PLACE)]
    assert merge_places(tiles) == [(0, 1)]


def test_across_the_antimeridian():
    tiles = [tile('a', (0, 0, 20, 20), FIJI), tile('b', (8, 0, 20, 20), FIJI)]
    assert len(tiles[0].footprint.rings) == 2
    assert merge_places(tiles) == [(0, 1)]


@pytest.mark.parametrize('place', [None, PLACE])
def test_agrees_with_a_loop(place):
    generator = np.random.default_rng(1)
    corners = generator.integers(0, 300, (80, 2)).tolist()
    tiles = [tile('a', (x, y, 64, 48), place) for x, y in corners]
    shapes = [shapely.box(x, y, x + 64, y + 48) for x, y in corners]
    kept = {}
    for number, shape in enumerate(shapes):
        over = [k for k in kept if shapes[k].intersection(shape).area >= SHARED * 64 * 48]
        if over:
            kept[over[0]] += 1
        else:
            kept[number] = 0
    assert merge_places(tiles) == list(kept.items())
    assert len(kept) < 60


def test_nothing_and_one():
    assert merge_places([]) == []
    assert merge_places([Tile('a', (0, 0, 4, 4))]) == [(0, 0)]
