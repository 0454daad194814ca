"""Text stays inside its box."""

import pytest
from PIL import Image, ImageDraw

from pir_mm.visualization.text_block import draw_block, line_height, shorten, wrap
from pir_mm.visualization.typefaces import font

FACE = font(14)
WORDS = 'the narrow long terminal building with some aeroplanes along it'
LONG_WORD = 'Donaudampfschifffahrtsgesellschaft'


@pytest.mark.parametrize('width', [40, 90, 200, 1000])
@pytest.mark.parametrize(
    'text', [WORDS, 'Donaudampfschifffahrtsgesellschaft', '東京 ' * 9, 'a', '']
)
def test_no_line_is_wider_than_the_box(text, width):
    for lines in (1, 3, 50):
        out = wrap(text, FACE, width, lines)
        assert len(out) <= lines
        assert all(FACE.getlength(line) <= width for line in out)


def test_lines_break_between_words_and_lose_none():
    assert ' '.join(wrap(WORDS, FACE, 150, lines=50)) == WORDS


def test_what_does_not_fit_ends_in_an_ellipsis():
    whole = wrap(WORDS, FACE, 150, lines=50)
    cut = wrap(WORDS, FACE, 150, lines=2)
    assert cut[0] == whole[0]
    assert cut[1].endswith('…')
    assert cut[1][:5] == whole[1][:5]


def test_a_word_wider_than_the_line_is_broken_and_kept_whole():
    out = wrap(LONG_WORD, FACE, 60, lines=50)
    assert len(out) > 2
    assert ''.join(out) == LONG_WORD


def test_shorten_keeps_the_end_that_tells_names_apart():
    name = 'a_very_long_name_of_a_satellite_picture_0042.tif'
    cut = shorten(name, FACE, 150, keep_end=8)
    assert cut.endswith('…0042.tif')
    assert FACE.getlength(cut) <= 150
    assert shorten('short.tif', FACE, 150, keep_end=8) == 'short.tif'
    assert FACE.getlength(shorten(name, FACE, 40, keep_end=8)) <= 40


def test_ink_stays_inside_the_box():
    canvas = Image.new('L', (300, 200), 255)
    box = (50, 40, 200, 120)
    draw_block(ImageDraw.Draw(canvas), box, WORDS * 9, FACE, 'black')
    left, top, right, bottom = canvas.point(lambda v: 255 - v).getbbox()
    assert left >= box[0] and top >= box[1] and right <= box[2] and bottom <= box[3]
    assert bottom > box[3] - 2 * line_height(FACE)
