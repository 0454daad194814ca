"""Each word has a panel, all have one scale, and no text leaves its place."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from pir_mm.visualization.word_map import WordMaps, draw_words

PICTURE = np.full((40, 60, 3), 128, dtype=np.uint8)


def maps(words=('[CLS]', 'two', 'ponds'), name='mtgfe', picture=PICTURE, peak=0.5, log_odds=1.5):
    shares = np.full((len(words), 2, 3), 0.05)
    for number, share in enumerate(shares):
        share.flat[number % 6] = peak
    pooled = 1 - shares.sum(axis=(1, 2))
    return WordMaps(name, picture, tuple(words), shares, pooled, 5, 6, log_odds)


def drawn(*models, text='two ponds'):
    figure = draw_words(text, models)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return figure, np.asarray(canvas.buffer_rgba())[..., :3].astype(int)


def panels(figure):
    return [axes for axes in figure.axes if axes.images]


def test_every_word_has_a_panel_after_the_picture():
    figure, _ = drawn(maps())
    plain, *words = panels(figure)
    np.testing.assert_array_equal(plain.images[0].get_array(), PICTURE)
    assert len(words) == 3
    for axes, shares in zip(words, maps().shares, strict=True):
        np.testing.assert_array_equal(axes.images[-1].get_array(), shares)
        assert tuple(axes.images[-1].get_extent()) == (0, 60, 40, 0)
    texts = [text.get_text() for text in figure.texts]
    assert {'two ponds', '[CLS]', 'two', 'ponds', 'pooled 0.25'} <= set(texts)
    assert 'mtgfe, layer 5 of 6: log odds +1.50, probability 0.818' in texts


def test_all_panels_of_all_models_have_one_scale():
    figure, _ = drawn(maps(peak=0.5), maps(name='other', peak=0.1))
    norms = [axes.images[-1].norm for axes in panels(figure) if len(axes.images) == 2]
    assert len(norms) == 6
    assert {(norm.vmin, norm.vmax) for norm in norms} == {(0, 0.5)}


def test_the_ink_of_a_word_is_where_its_attention_is():
    figure, pixels = drawn(maps())
    for number, axes in enumerate(panels(figure)[1:]):
        box = axes.get_window_extent()
        height = len(pixels)
        x = [int(box.x0 + (column + 0.5) / 3 * box.width) for column in range(3)]
        y = [int(height - box.y1 + (row + 0.5) / 2 * box.height) for row in range(2)]
        yellow = np.array([[pixels[j, i, 0] - pixels[j, i, 2] for i in x] for j in y])
        assert yellow.argmax() == number
        assert (yellow > 50).sum() == 1


SENTENCE = '[CLS] unquestionably many green trees are around a well-known baseball field'.split()
TALL = np.full((400, 60, 3), 128, dtype=np.uint8)


@pytest.mark.parametrize('words', [SENTENCE[:2], SENTENCE, SENTENCE * 3])
@pytest.mark.parametrize('picture', [PICTURE, TALL])
def test_no_text_is_cut_or_lies_on_another(words, picture):
    figure, _ = drawn(
        maps(words, 'a/name/that/no/line/has/room/for' * 5, picture, log_odds=-12.0),
        maps(words, picture=picture),
        text=' '.join(words[1:]),
    )
    whole = figure.bbox
    places = [text.get_window_extent() for text in figure.texts if text.get_text()]
    places += [axes.get_window_extent() for axes in panels(figure)]
    places += [figure.axes[-1].get_tightbbox()]
    for place in places:
        assert whole.x0 <= place.x0 and place.x1 <= whole.x1
        assert whole.y0 <= place.y0 and place.y1 <= whole.y1
    assert [(a, b) for a, b in combinations(places, 2) if a.overlaps(b)] == []
    assert any('log odds -12.00' in text.get_text() for text in figure.texts)


def test_extreme_odds_have_a_probability():
    assert maps(log_odds=-800.0).probability == 0
    assert maps(log_odds=800.0).probability == 1
    assert maps(log_odds=0.0).score == 'log odds +0.00, probability 0.500'


def test_a_dollar_is_a_dollar():
    figure, _ = drawn(maps(('[CLS]', '$a$')), text='$a$')
    assert not any(text.get_parse_math() for text in figure.texts)


def test_nothing_to_draw_is_refused():
    with pytest.raises(ValueError, match='no words to draw'):
        draw_words('two ponds', [])
