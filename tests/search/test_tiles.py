"""A tile is a value that is whole or refused."""

import pytest

from pir_mm.search import Tile


def test_a_tile_is_a_value():
    assert Tile('a.png', (0, 0, 5, 4)) == Tile('a.png', (0, 0, 5, 4), crs=None, transform=None)


@pytest.mark.parametrize('window', [(-1, 0, 5, 5), (0, -1, 5, 5), (0, 0, 0, 5), (0, 0, 5, 0)])
def test_refuses_an_empty_window_and_one_outside(window):
    with pytest.raises(ValueError, match=r'a\.png: window .* must be \(column, row,'):
        Tile('a.png', window)


def test_a_place_is_whole_or_absent():
    with pytest.raises(ValueError, match='crs and transform come together'):
        Tile('a.png', (0, 0, 5, 5), crs='EPSG:4326')
