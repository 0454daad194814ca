"""Zones lie where the points are that they tell of; badges do not lie upon each other."""

import numpy as np

from pir_mm.visualization.embedding_map import PRIOR, place_badges, smooth_share

LEFT = np.array([[0.0, 0.0]] * 6)
RIGHT = np.array([[10.0, 0.0]] * 6)
POINTS = np.concatenate([LEFT, RIGHT])


def at(x, y, mean, place):
    row, column = np.abs(y - place[1]).argmin(), np.abs(x - place[0]).argmin()
    return mean[row, column]


def test_six_points_in_one_place_give_their_share_diluted_by_the_prior():
    share = np.array([0.9] * 6 + [0.1] * 6)
    x, y, mean = smooth_share(POINTS, share, reach=1.0)
    assert abs(at(x, y, mean, (0, 0)) - 0.9 * 6 / (6 + PRIOR)) < 0.01
    assert abs(at(x, y, mean, (10, 0)) - 0.1 * 6 / (6 + PRIOR)) < 0.01


def test_nothing_is_shaded_far_from_every_point():
    x, y, mean = smooth_share(POINTS, np.ones(12), reach=1.0)
    assert at(x, y, mean, (5, 0)) < 0.1
    assert max(mean[0].max(), mean[-1].max(), mean[:, 0].max(), mean[:, -1].max()) < 0.1
    assert mean.max() > 0.5


def test_one_confused_picture_alone_makes_no_zone():
    share = np.array([1.0] + [0.0] * 6)
    _, _, mean = smooth_share(np.concatenate([LEFT[:1], RIGHT]), share, reach=1.0)
    assert mean.max() < 0.5


def test_a_badge_stands_where_its_weight_is_densest():
    weight = np.array([0.1] * 6 + [0.9] * 6)
    (place,) = place_badges(POINTS, [weight], reach=1.0, apart=2.0)
    assert place.tolist() == [10, 0]


def test_badges_keep_apart_but_never_leave_their_own_points():
    line = np.array([[0.0, 0.0], [1.0, 0.0], [4.0, 0.0], [9.0, 9.0]])
    first, second, crowded = (
        np.array(w, float) for w in ([9, 0, 0, 0], [9, 9, 1, 0], [5, 1, 0, 0])
    )
    places = place_badges(line, [first, second, crowded], reach=0.5, apart=2.0)
    assert [place.tolist() for place in places] == [[0, 0], [4, 0], [1, 0]]
