"""Curves show the numbers of each run in its own colour."""

import pytest

from pir_mm.visualization.learning_curves import Curves, draw_learning_curves

TRAINING = {
    20: {'loss': 9.0, 'loss_a': 5.0, 'loss_b': 4.0, 'lr': 1.0},
    40: {'loss': 7.0, 'loss_a': 4.0, 'loss_b': 3.0, 'lr': 1.0},
}
VALIDATION = {
    1: {'mR': 2.0, 'i2t/R@1': 1.0, 't2i/R@1': 2.0, 'i2t/R@10': 5.0, 'i2t/medR': 9.0},
    2: {'mR': 3.0, 'i2t/R@1': 2.0, 't2i/R@1': 3.0, 'i2t/R@10': 6.0, 'i2t/medR': 8.0},
}
ONE = Curves('one', TRAINING, VALIDATION)
TWO = Curves('two', {20: {'loss': 1.0}}, {1: {'mR': 8.0}})


def panels(figure):
    seen = [axes for axes in figure.axes if axes.get_visible()]
    return {axes.get_title(loc='left').split(',')[0]: axes for axes in seen}


def points(axes):
    return [list(zip(*line.get_data(), strict=True)) for line in axes.lines]


def test_a_panel_for_the_losses_for_mean_recall_and_for_each_k():
    seen = panels(draw_learning_curves([ONE]))
    assert list(seen) == ['loss', 'mR', 'R@1', 'R@10']
    assert points(seen['loss']) == [[(20, 9), (40, 7)], [(20, 5), (40, 4)], [(20, 4), (40, 3)]]
    assert points(seen['mR']) == [[(1, 2), (2, 3)]]
    assert points(seen['R@1']) == [[(1, 1), (2, 2)], [(1, 2), (2, 3)]]
    assert points(seen['R@10']) == [[(1, 5), (2, 6)]]
    legend = [text.get_text() for text in seen['loss'].get_legend().get_texts()]
    assert legend == ['sum', 'a', 'b']


def test_dashes_tell_quantities_and_colours_tell_runs():
    figure = draw_learning_curves([ONE, TWO])
    loss = panels(figure)['loss'].lines
    assert len({line.get_linestyle() for line in loss[:2]}) == 2
    assert len({line.get_color() for line in loss[:3]}) == 1
    assert loss[3].get_color() != loss[0].get_color()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ['one', 'two']
    assert [line.get_color() for line in legend.get_lines()] == [
        loss[0].get_color(),
        loss[3].get_color(),
    ]


def test_a_validation_that_stands_alone_is_seen_and_tells_its_direction():
    alone = Curves('alone', {}, {1: VALIDATION[1]})
    axes = panels(draw_learning_curves([alone]))['R@1']
    assert [line.get_fillstyle() for line in axes.lines] == ['full', 'none']
    assert [line.get_marker() for line in axes.lines] == ['o', 'o']
    legend = axes.get_legend().get_lines()
    assert [line.get_fillstyle() for line in legend] == ['full', 'none']
    assert axes.get_ylim()[1] > 1.05 * 2.0
    assert all(tick == int(tick) for tick in axes.get_xticks())


def test_a_run_that_has_diverged_is_drawn_too():
    diverged = Curves('diverged', {20: {'loss': float('nan')}}, {1: {'mR': 0.0}})
    seen = panels(draw_learning_curves([diverged]))
    assert [axes.get_ylim()[0] for axes in seen.values()] == [0, 0]
    assert all(0 < axes.get_ylim()[1] < 2 for axes in seen.values())


def test_axes_say_what_they_count():
    seen = panels(draw_learning_curves([ONE], 'iteration'))
    assert seen['mR'].get_xlabel() == 'iteration'
    seen = panels(draw_learning_curves([ONE]))
    assert (seen['loss'].get_xlabel(), seen['mR'].get_xlabel()) == ('iteration', 'epoch')


def test_a_run_without_validation_has_its_loss_only():
    figure = draw_learning_curves([Curves('young', TRAINING, {})])
    assert list(panels(figure)) == ['loss']
    assert not figure.legends


def test_nothing_to_draw_is_said():
    with pytest.raises(ValueError, match='neither a loss nor a recall'):
        draw_learning_curves([Curves('other', {20: {'lr': 1.0}}, {})])
