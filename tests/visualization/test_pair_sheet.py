"""Pairs stand side by side, the left one turned as the right one is."""

import numpy as np
import pytest
from PIL import Image

from pir_mm.visualization.pair_sheet import CELL, Pair, draw_pairs

RED, BLUE = (250, 0, 0), (0, 0, 250)


@pytest.fixture
def corner(tmp_path):
    """A blue picture whose upper left quarter is red."""
    pixels = np.full((60, 60, 3), BLUE, dtype=np.uint8)
    pixels[:30, :30] = RED
    Image.fromarray(pixels).save(tmp_path / 'corner.png')
    return tmp_path / 'corner.png'


def centres(sheet, colour):
    """Middles of the parts of a colour, by columns."""
    with Image.open(sheet) as picture:
        near = np.abs(np.asarray(picture.convert('RGB')).astype(int) - colour).max(axis=-1) < 30
    columns = np.flatnonzero(near.any(axis=0))
    parts = np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1)
    return [
        (float(np.flatnonzero(near[:, part].any(axis=1)).mean()), float(part.mean()))
        for part in parts
    ]


@pytest.mark.parametrize(
    ('orientation', 'down', 'right'),
    [(0, 0, 0), (1, 1, 0), (2, 1, 1), (3, 0, 1), (4, 0, 1), (5, 0, 0), (6, 1, 0), (7, 1, 1)],
)
def test_the_left_picture_is_turned(corner, tmp_path, orientation, down, right):
    draw_pairs('Turned', [Pair(corner, corner, orientation, '0.9')], tmp_path / 'sheet.png')
    left, other = centres(tmp_path / 'sheet.png', RED)
    draw_pairs('Upright', [Pair(corner, corner, 0, '0.9')], tmp_path / 'upright.png')
    upright, same = centres(tmp_path / 'upright.png', RED)
    assert other == same
    moved = (left[0] - upright[0], left[1] - upright[1])
    assert moved == pytest.approx((down * CELL / 2, right * CELL / 2), abs=2)


@pytest.mark.parametrize(('count', 'rows'), [(0, 0), (1, 1), (4, 1), (5, 2)])
def test_four_pairs_stand_in_a_row(corner, tmp_path, count, rows):
    draw_pairs('Rows', [Pair(corner, corner, 0, '')] * count, tmp_path / 'sheet.png')
    draw_pairs('None', [], tmp_path / 'none.png')
    with Image.open(tmp_path / 'sheet.png') as sheet, Image.open(tmp_path / 'none.png') as none:
        assert sheet.width == none.width
        assert (sheet.height - none.height) // CELL == rows


def test_a_lost_picture_does_not_cost_the_sheet(corner, tmp_path):
    lost = tmp_path / 'lost.png'
    draw_pairs('Lost', [Pair(lost, corner, 5, '0.8')], tmp_path / 'sheet.png')
    assert len(centres(tmp_path / 'sheet.png', RED)) == 1
