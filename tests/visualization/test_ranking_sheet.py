"""A sheet shows what the ranking says: pictures in order, right and wrong by colour."""

import numpy as np
import pytest
from mmengine.registry import VISUALIZERS
from PIL import Image

from pir_mm.structures.ranking import Ranking
from pir_mm.visualization.ranking_sheet import FRAME, RIGHT, UNKNOWN, WRONG

COLOURS = [(250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 0)]
PICTURES = [np.full((20, 20, 3), colour, dtype=np.uint8) for colour in COLOURS]
RANKING = Ranking(ids=np.array([[2, 0, 1], [3, 1, 0]]), scores=np.array([[0.9, 0.5, 0.1]] * 2))


def build(**options):
    return VISUALIZERS.build({'type': 'pir_mm.RankingSheet', **options})


def rgb(colour):
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def count(sheet, colour):
    return int((sheet == colour).all(axis=-1).sum())


def first_column(sheet, colour):
    return int(np.flatnonzero((sheet == colour).all(axis=-1).any(axis=0))[0])


def test_pictures_stand_in_the_order_of_the_ranking():
    sheet = build()
    sheet.add('Search', ['a', 'b'], RANKING, PICTURES)
    pixels = sheet.draw()
    upper = pixels[: len(pixels) // 2]
    assert [first_column(upper, COLOURS[i]) for i in (2, 0, 1)] == sorted(
        first_column(upper, COLOURS[i]) for i in (2, 0, 1)
    )
    assert count(upper, COLOURS[3]) == 0
    assert count(pixels, COLOURS[3]) == 200 * 200


@pytest.mark.parametrize('cell', [100, 200])
def test_frames_tell_right_from_wrong_from_unknown(cell):
    frame = (cell + 2 * FRAME) ** 2 - cell**2
    known, unknown = build(cell_px=cell), build(cell_px=cell)
    right = np.array([[True, False, False], [False, True, False]])
    known.add('Search', ['a', 'b'], RANKING, PICTURES, right)
    unknown.add('Search', ['a', 'b'], RANKING, PICTURES)
    marks = 300  # pixels of the ticks, crosses and words of the legend at most
    assert 2 * frame <= count(known.draw(), rgb(RIGHT)) < 2 * frame + marks
    assert 4 * frame <= count(known.draw(), rgb(WRONG)) < 4 * frame + marks
    assert count(known.draw(), rgb(UNKNOWN)) == 0
    assert count(unknown.draw(), rgb(UNKNOWN)) == 6 * frame
    assert count(unknown.draw(), rgb(RIGHT)) == count(unknown.draw(), rgb(WRONG)) == 0


def test_sentences_can_be_results_and_pictures_queries():
    sheet = build()
    texts = ['red ' * 100, 'green', 'blue', 'yellow']
    sheet.add('Image to text', PICTURES[:2], RANKING, texts)
    pixels = sheet.draw()
    assert count(pixels, COLOURS[0]) == count(pixels, COLOURS[1]) == 200 * 200
    assert count(pixels, COLOURS[2]) == 0


def test_sections_stand_below_each_other():
    one, two = build(), build()
    one.add('A', ['a', 'b'], RANKING, PICTURES)
    two.add('A', ['a', 'b'], RANKING, PICTURES)
    two.add('B', PICTURES[:2], RANKING, {0: 'r', 1: 'g', 2: 'b', 3: 'y'})
    upper, both = one.draw(), two.draw()
    np.testing.assert_array_equal(both[: len(upper)], upper)
    assert len(both) > 1.8 * len(upper)


def test_results_beyond_the_columns_go_on_below():
    narrow, wide = build(columns=2), build(columns=3)
    for sheet in (narrow, wide):
        sheet.add('Search', ['a', 'b'], RANKING, PICTURES)
    small, large = narrow.draw(), wide.draw()
    assert small.shape[1] < large.shape[1]
    assert small.shape[0] > 1.8 * large.shape[0]
    assert [count(small, c) for c in COLOURS] == [count(large, c) for c in COLOURS]
    blue, green = (first_column(small[: len(small) // 2], COLOURS[i]) for i in (2, 1))
    assert blue == green, 'the third result begins the second line'


def test_rows_of_one_result_and_lost_pictures_are_drawn(tmp_path):
    sheet = build()
    single = Ranking(ids=np.array([[0]]), scores=np.array([[0.5]]))
    sheet.add(
        'A heading longer than the sheet is wide ' * 3, ['a'], single, [tmp_path / 'gone.png']
    )
    assert sheet.draw().shape[1] < 700


def test_a_saved_sheet_is_the_drawn_one(tmp_path):
    sheet = build()
    sheet.add('Search', ['a', 'b'], RANKING, PICTURES)
    sheet.save(tmp_path / 'new' / 'sheet.png')
    np.testing.assert_array_equal(Image.open(tmp_path / 'new' / 'sheet.png'), sheet.draw())
    assert [path.name for path in (tmp_path / 'new').iterdir()] == ['sheet.png']


def test_says_what_is_wrong():
    sheet = build()
    with pytest.raises(ValueError, match='empty: add a section'):
        sheet.draw()
    with pytest.raises(ValueError, match=r'a ranking for each query: 1, \(2, 3\)'):
        sheet.add('A', ['a'], RANKING, PICTURES)
    with pytest.raises(ValueError, match=r'right \(1, 3\) must have the shape .* \(2, 3\)'):
        sheet.add('A', ['a', 'b'], RANKING, PICTURES, np.ones((1, 3), bool))
    with pytest.raises(ValueError, match='at least 100, got 20'):
        build(cell_px=20)
    with pytest.raises(ValueError, match='columns must be at least 1, got 0'):
        build(columns=0)
