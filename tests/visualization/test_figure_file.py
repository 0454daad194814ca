"""Figures and pixels as files: the ending decides, nothing half-written is left."""

import pytest
from matplotlib.figure import Figure
from PIL import Image

from pir_mm.visualization.figure_file import save_picture


def figure():
    drawn = Figure((2, 1))
    drawn.text(0.1, 0.5, 'words')
    return drawn


def test_a_figure_has_three_hundred_dots_per_inch(tmp_path):
    save_picture(figure(), tmp_path / 'deep' / 'a.PNG')
    with Image.open(tmp_path / 'deep' / 'a.PNG') as picture:
        assert picture.size == (600, 300)
    assert [path.name for path in (tmp_path / 'deep').iterdir()] == ['a.PNG']


def test_letters_of_a_pdf_are_letters_and_it_has_no_date(tmp_path):
    save_picture(figure(), tmp_path / 'a.pdf')
    content = (tmp_path / 'a.pdf').read_bytes()
    assert content.startswith(b'%PDF')
    assert b'/Type3' not in content and b'CIDFontType2' in content
    assert b'CreationDate' not in content


def test_pixels_keep_their_number_and_take_the_width_of_a_page(tmp_path):
    pixels = Image.new('RGB', (720, 300), 'red')
    save_picture(pixels, tmp_path / 'a.png')
    save_picture(pixels, tmp_path / 'a.pdf')
    with Image.open(tmp_path / 'a.png') as picture:
        assert picture.size == (720, 300)
        assert picture.info['dpi'] == pytest.approx((100, 100), abs=0.1)
    assert b'518.4' in (tmp_path / 'a.pdf').read_bytes()  # 7.2 inches in points


@pytest.mark.parametrize('name', ['a.jpg', 'a', 'png'])
def test_another_ending_is_refused_before_anything_is_written(tmp_path, name):
    with pytest.raises(ValueError, match=r'must end in \.png or \.pdf'):
        save_picture(figure(), tmp_path / 'deep' / name)
    assert not list(tmp_path.iterdir())


def test_what_was_there_stays_where_drawing_fails(tmp_path):
    class Broken(Figure):
        def draw(self, renderer):
            raise RuntimeError('no')

    (tmp_path / 'a.png').write_text('old')
    with pytest.raises(RuntimeError):
        save_picture(Broken((1, 1)), tmp_path / 'a.png')
    assert [path.read_text() for path in tmp_path.iterdir()] == ['old']
