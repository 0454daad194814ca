"""The belief lies over the picture, and what is framed is what was kept."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from pir_mm.visualization.belief_map import KEPT, PictureBelief, draw_beliefs

PICTURE = np.full((40, 60, 3), 128, dtype=np.uint8)
BELIEF = np.array([[0.1, 0.4, 0.0], [0.2, 0.1, 0.1]])
CHOSEN = np.array([[False, True, False], [False, False, True]])


def belief(strategy='hard', **changes):
    parts = {
        'name': 'bridge_12.jpg', 'picture': PICTURE, 'belief': BELIEF, 'kept': CHOSEN,
        'weight': BELIEF + 1, 'global_belief': 0.1, 'global_kept': True, 'global_weight': 1.5,
        'strategy': strategy,
    }  # fmt: skip
    return PictureBelief(**{**parts, **changes})


def framed(axes):
    """Row and column of each framed cell, told from where the frame lies on the picture."""
    frames = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert all(to_hex(frame.get_edgecolor()) == KEPT for frame in frames)
    centres = [frame.get_center() for frame in frames]
    return {(int(y // 20), int(x // 20)) for x, y in centres}


def test_the_framed_cells_are_the_kept_ones():
    _, over, _ = draw_beliefs([belief()]).axes
    assert framed(over) == {(0, 1), (1, 2)}
    assert not draw_beliefs([belief('soft')]).axes[1].patches
    assert not draw_beliefs([belief('none')]).axes[1].patches


def test_colours_show_the_belief_upright_and_all_over_the_picture():
    plain, over, bar = draw_beliefs([belief()]).axes
    np.testing.assert_array_equal(plain.images[0].get_array(), PICTURE)
    heat = over.images[-1]
    np.testing.assert_array_equal(heat.get_array(), BELIEF)
    assert tuple(heat.get_extent()) == (0, 60, 40, 0)
    assert heat.norm.vmin == 0 and heat.norm.vmax == 0.4
    assert bar.get_label() == '<colorbar>'


def test_soft_shows_weights():
    over = draw_beliefs([belief('soft')]).axes[1]
    np.testing.assert_array_equal(over.images[-1].get_array(), BELIEF + 1)
    assert over.get_title(loc='left') == 'weight'


@pytest.mark.parametrize(
    ('one', 'caption'),
    [
        (belief(), 'global token: belief 0.100, kept; 3 of 7 kept'),
        (belief(global_kept=False), 'global token: belief 0.100, left out; 2 of 7 kept'),
        (belief('soft'), 'global token: belief 0.100, weight 1.50'),
        (belief('none', global_belief=1e-5), 'global token: belief < 0.001'),
    ],
)
def test_the_caption_tells_of_the_global_token(one, caption):
    assert one.caption == caption
    assert draw_beliefs([one]).axes[0].get_xlabel() == caption


@pytest.mark.parametrize('count', [1, 2, 3, 5])
def test_every_picture_has_its_place(count):
    figure = draw_beliefs([belief(name=f'{i}.jpg') for i in range(count)])
    FigureCanvasAgg(figure).draw()
    titles = [axes.get_title(loc='left') for axes in figure.axes if axes.get_visible()]
    assert [title for title in titles if title.endswith('.jpg')] == [
        f'{i}.jpg' for i in range(count)
    ]


def test_a_sheet_of_nothing_is_refused():
    with pytest.raises(ValueError, match='no picture to draw'):
        draw_beliefs([])
