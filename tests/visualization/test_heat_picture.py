"""The colours lie on the picture, and the bar is as long as it says."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Rectangle

from pir_mm.visualization.heat_picture import HeatPicture, draw_heat, round_length

PICTURE = np.full((60, 100, 3), 90, np.uint8)
VALUES = np.linspace(0.1, 0.5, 6000).reshape(60, 100)


def drawn(**changed):
    content = {'text': 'two ponds', 'picture': PICTURE, 'values': VALUES, 'hottest': (95.0, 55.0)}
    figure = draw_heat(HeatPicture(**(content | changed)))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return figure, canvas


def test_values_lie_over_the_whole_picture_and_the_legend_has_their_range():
    figure, _ = drawn()
    axes, bar = figure.axes
    over = axes.images[-1]
    np.testing.assert_array_equal(over.get_array(), VALUES)
    assert tuple(over.get_extent()) == (0, 100, 60, 0)
    assert bar.get_ylim() == (0.1, 0.5)
    assert bar.get_ylabel() == 'mean similarity of the windows'


def test_a_ring_marks_the_hottest_place_and_lines_the_truth():
    figure, _ = drawn(outlines=[np.array([(10, 10), (30, 10), (30, 40)])])
    lines = [line.get_xydata().tolist() for line in figure.axes[0].lines]
    assert lines[-1] == [[95, 55]]
    assert lines[0] == [[10, 10], [30, 10], [30, 40], [10, 10]]


@pytest.mark.parametrize(
    ('pixel_m', 'words', 'pixels'), [(2.5, '50 m', 20), (130, '2 km', 2000 / 130)]
)
def test_the_bar_is_as_long_as_it_says(pixel_m, words, pixels):
    figure, _ = drawn(pixel_m=pixel_m)
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == [words]
    halves = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert sum(half.get_width() for half in halves) == pytest.approx(pixels)


def test_without_a_place_there_is_no_bar():
    figure, _ = drawn()
    assert not figure.axes[0].texts and not figure.axes[0].patches


@pytest.mark.parametrize('shape', [(20, 300), (300, 20), (60, 100)])
def test_a_long_sentence_stays_on_the_page(shape):
    text = 'many small white boats in a harbour between two long piers ' * 4
    picture, values = np.zeros((*shape, 3), np.uint8), np.random.default_rng(0).random(shape)
    figure, _ = drawn(text=text, picture=picture, values=values)
    box = figure.axes[0]._left_title.get_window_extent()
    page = figure.bbox
    assert page.x0 <= box.x0 and box.x1 <= page.x1 + 1 and box.y1 <= page.y1 + 1


@pytest.mark.parametrize(
    ('metres', 'length'), [(1, 1), (1.99, 1), (2, 2), (49.9, 20), (50, 50), (99, 50), (0.3, 0.2)]
)
def test_lengths_are_round(metres, length):
    assert round_length(metres) == pytest.approx(length)
