"""Pairs stand side by side, the left one turned as the right one is."""

import numpy as np
import pytest
from PIL import Image

from pir_mm.visualization.pair_sheet import (
    BETWEEN,
    CELL,
    GAP,
    MARGIN,
    WIDTH,
    Pair,
    draw_pairs,
    evenly,
)

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


@pytest.mark.parametrize(
    ('count', 'most', 'chosen'),
    [(0, 3, []), (2, 3, [0, 1]), (3, 3, [0, 1, 2]), (9, 3, [0, 4, 8]), (5, 2, [0, 4]), (4, 1, [0])],
)
def test_items_are_taken_evenly(count, most, chosen):
    assert evenly(range(count), most) == chosen


def height(pairs, path):
    draw_pairs('Rows', pairs, path)
    with Image.open(path) as sheet:
        return sheet.height


def test_a_group_begins_a_row_of_its_own(corner, tmp_path):
    pair, path = Pair(corner, corner, 0, ''), tmp_path / 'sheet.png'
    one = height([pair], path) - height([], path)
    groups = [pair._replace(group=name) for name in 'aab']
    names = height(groups, path) - height([], path) - 2 * one
    assert 0 < names < one and names == 2 * (height(groups[:1], path) - height([pair], path))


def test_a_row_is_as_high_as_its_longest_caption(corner, tmp_path):
    pair, path = Pair(corner, corner, 0, ''), tmp_path / 'sheet.png'
    short, long = ('a river',), ('a river ' * 10,)
    captions = ([], [short], [short] * 2, [long], [long] * 2, [(*long, '')])
    bare, *others = (height([pair._replace(captions=own), pair], path) for own in captions)
    one, two, lines, more_lines, beside = (other - bare for other in others)
    assert 0 < one < lines and two == 2 * one and more_lines == 2 * lines
    assert lines < beside  # the text of one picture has half the room


def below(path, left, right):
    """The part of a sheet of one row between two columns, below pictures, note and names."""
    with Image.open(path) as sheet:
        return np.asarray(sheet.convert('RGB')).astype(int)[2 * MARGIN + CELL + 40 :, left:right]


def test_captions_stay_below_their_pictures_whatever_they_say(corner, tmp_path):
    long, path = 'w' * 90 + ' and ' * 20, tmp_path / 'sheet.png'
    pair = Pair(corner, corner, 0, 'w' * 90, captions=[(long, long)])
    draw_pairs('Long', [pair, pair], path)
    middle, end = MARGIN + CELL, MARGIN + WIDTH
    assert (
        below(path, MARGIN, middle).min() < 100 and below(path, middle + BETWEEN, end).min() < 100
    )
    assert below(path, middle - 2, middle + BETWEEN).min() > 250
    draw_pairs('Long', [pair._replace(captions=[(long,)])], path)
    assert below(path, middle - 2, middle + BETWEEN).min() < 100
    assert below(path, end, end + GAP).min() > 250


def test_a_long_heading_and_the_name_of_a_group_are_cut(corner, tmp_path):
    draw_pairs('w' * 900, [Pair(corner, corner, 0, '', 'w' * 900)], tmp_path / 'sheet.png')
    with Image.open(tmp_path / 'sheet.png') as sheet:
        right = np.asarray(sheet)[:, sheet.width - MARGIN + 1 :]
    assert right.min() > 250


@pytest.mark.parametrize(
    ('other', 'marked'),
    [('a wide bay', [False, False]), ('a small bay', [True, True]), ('a bay', [True, False])],
)
def test_words_that_one_caption_has_alone_are_marked(corner, tmp_path, other, marked):
    path, red = tmp_path / 'sheet.png', (0xCF, 0x22, 0x2E)
    draw_pairs('Marks', [Pair(corner, corner, 0, '', captions=[('a wide bay', other)])], path)
    halves = below(path, MARGIN, MARGIN + CELL), below(path, MARGIN + CELL, MARGIN + WIDTH)
    assert [bool((abs(half - red).max(axis=-1) < 30).any()) for half in halves] == marked
