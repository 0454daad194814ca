"""A bar per scene and direction, as long as the recall, with its interval."""

import numpy as np

from pir_mm.visualization.scene_recall import Direction, draw_scene_recall

THERE = Direction('image to text', *np.array([[50, 20], [40, 0], [60, 45.0]]), 33.0, '#56b4e9')
BACK = Direction('text to image', *np.array([[30, 10], [20, 5], [44, 25.0]]), 21.0, '#e69f00')


def test_bars_whiskers_and_names_follow_the_given_order():
    figure = draw_scene_recall(['beach', 'park'], [12, 3], [THERE, BACK], 'note')
    for axes, direction in zip(figure.axes, (THERE, BACK), strict=True):
        assert [bar.get_width() for bar in axes.patches] == direction.recall.tolist()
        whiskers = [segment[:, 0].tolist() for segment in axes.collections[0].get_segments()]
        assert whiskers == np.stack([direction.lower, direction.upper], axis=1).tolist()
        assert axes.lines[0].get_xdata()[0] == direction.overall
        low, high = axes.get_xlim()
        assert low == 0 and high > 60  # one scale for both
        assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first scene is on top
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ['beach (12)', 'park (3)']


def test_a_model_that_finds_nothing_can_be_drawn():
    none = Direction('image to text', np.zeros(1), np.zeros(1), np.zeros(1), 0.0, '#56b4e9')
    assert draw_scene_recall(['beach'], [1], [none], '').axes[0].get_xlim()[1] > 0
