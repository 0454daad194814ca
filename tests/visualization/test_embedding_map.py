"""The map shows each scene in its look, rings the confused, and names the worst pairs."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb

from pir_mm.visualization.embedding_map import (
    COLOURS,
    PRIOR,
    Confusion,
    draw_embedding_map,
    legend_columns,
    legend_entry,
    place_badges,
    scene_style,
    smooth_share,
)
from pir_mm.visualization.figure_file import INK

NAMES = ['airport', 'beach', 'church', 'desert']
SCENE = np.repeat([0, 1, 3], 10)
POINTS = np.random.default_rng(0).normal(size=(30, 2)) + 8 * SCENE[:, None]
FOREIGN = np.where(np.arange(30) % 10 < 2, 0.8, 0.1)
PART = np.isin(SCENE, (0, 3)).astype(float)


def draw(pairs=((0, 3, 0.234),), **texts):
    confusion = Confusion(7, FOREIGN, pairs, [PART for _ in pairs])
    return draw_embedding_map(POINTS, SCENE, NAMES, confusion, **texts)


def clouds(figure):
    """Colour, edge and number of points of every scatter."""
    groups = [c for c in figure.axes[0].collections if type(c).__name__ == 'PathCollection']
    return [
        (to_hex(g.get_facecolor()[0]), to_hex(g.get_edgecolor()[0]), len(g.get_offsets()))
        for g in groups
    ]


def words(figure):
    return ' '.join(text.get_text() for text in figure.texts)


def test_pictures_have_the_colour_of_their_scene_and_the_confused_a_ring():
    seen = clouds(draw())
    for label in (0, 1, 3):
        colour, _ = scene_style(label)
        assert (colour, '#ffffff', 8) in seen and (colour, INK, 2) in seen
    assert len(seen) == 6


def test_only_scenes_that_are_there_stand_in_the_legend():
    legend = draw().axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ['airport', 'beach', 'desert']


def test_pairs_are_named_with_number_and_share():
    figure = draw()
    assert '1 airport – desert 23 %' in words(figure)
    assert '7 nearest neighbours' in words(figure)
    assert [text.get_text() for text in figure.axes[0].texts] == ['1']
    assert [text.get_text() for text in draw(pairs=()).axes[0].texts] == []


def test_captions_are_dots_of_the_same_colour():
    seen = clouds(draw(text_points=POINTS[:5] + 1, text_scene=SCENE[:5]))
    assert scene_style(0)[0] in {colour for colour, _, n in seen if n == 5}


@pytest.mark.parametrize('scenes', [4, 30, 70])
def test_nothing_of_the_legend_leaves_the_picture(scenes):
    scene = np.arange(3 * scenes) % scenes
    points = np.random.default_rng(0).normal(size=(len(scene), 2))
    confusion = Confusion(10, np.full(len(scene), 0.9), [], [])
    figure = draw_embedding_map(
        points, scene, [f'residential {i}' for i in range(scenes)], confusion
    )
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    box = figure.axes[0].get_legend().get_window_extent(canvas.get_renderer())
    width, height = canvas.get_width_height()
    key = figure.legends[0].get_window_extent(canvas.get_renderer())
    assert box.x1 <= width and box.y1 <= height + 2 and box.y0 >= key.y0


def test_embeddings_all_in_one_place_still_give_a_map():
    confusion = Confusion(2, np.zeros(3), [], [])
    FigureCanvasAgg(draw_embedding_map(np.zeros((3, 2)), np.arange(3), NAMES, confusion)).draw()


LEFT = np.array([[0.0, 0.0]] * 6)
RIGHT = np.array([[10.0, 0.0]] * 6)
TWO_GROUPS = np.concatenate([LEFT, RIGHT])


def at(x, y, mean, place):
    row, column = np.abs(y - place[1]).argmin(), np.abs(x - place[0]).argmin()
    return mean[row, column]


def test_six_points_in_one_place_give_their_share_diluted_by_the_prior():
    share = np.array([0.9] * 6 + [0.1] * 6)
    x, y, mean = smooth_share(TWO_GROUPS, share, reach=1.0)
    assert abs(at(x, y, mean, (0, 0)) - 0.9 * 6 / (6 + PRIOR)) < 0.01
    assert abs(at(x, y, mean, (10, 0)) - 0.1 * 6 / (6 + PRIOR)) < 0.01


def test_nothing_is_shaded_far_from_every_point():
    x, y, mean = smooth_share(TWO_GROUPS, np.ones(12), reach=1.0)
    assert at(x, y, mean, (5, 0)) < 0.1
    assert max(mean[0].max(), mean[-1].max(), mean[:, 0].max(), mean[:, -1].max()) < 0.1
    assert mean.max() > 0.5


def test_one_confused_picture_alone_makes_no_zone():
    share = np.array([1.0] + [0.0] * 6)
    _, _, mean = smooth_share(np.concatenate([LEFT[:1], RIGHT]), share, reach=1.0)
    assert mean.max() < 0.5


def test_a_badge_stands_where_its_weight_is_densest():
    weight = np.array([0.1] * 6 + [0.9] * 6)
    (place,) = place_badges(TWO_GROUPS, [weight], reach=1.0, apart=2.0)
    assert place.tolist() == [10, 0]


def test_badges_keep_apart_but_never_leave_their_own_points():
    line = np.array([[0.0, 0.0], [1.0, 0.0], [4.0, 0.0], [9.0, 9.0]])
    first, second, crowded = (
        np.array(w, float) for w in ([9, 0, 0, 0], [9, 9, 1, 0], [5, 1, 0, 0])
    )
    places = place_badges(line, [first, second, crowded], reach=0.5, apart=2.0)
    assert [place.tolist() for place in places] == [[0, 0], [4, 0], [1, 0]]


def test_sixty_scenes_look_different_and_neighbours_have_other_colours():
    styles = [scene_style(label) for label in range(60)]
    assert len(set(styles)) == 60
    assert all(a[0] != b[0] for a, b in zip(styles, styles[1:], strict=False))


def test_colours_differ_from_each_other_and_from_paper_in_brightness_or_hue():
    rgb = [to_rgb(colour) for colour in (*COLOURS, 'white')]
    for i, one in enumerate(rgb):
        for other in rgb[:i]:
            assert sum(abs(a - b) for a, b in zip(one, other, strict=True)) > 0.3


def test_the_legend_shows_what_the_map_shows():
    entry = legend_entry(11, 'forest')
    assert (entry.get_color(), entry.get_marker()) == scene_style(11)
    assert entry.get_label() == 'forest'
    assert [legend_columns(range(n), rows=34) for n in (1, 34, 35, 69)] == [1, 1, 2, 3]
