import numpy as np
import pytest
from PIL import Image

from pir_mm.visualization.thumbnail import BACKGROUND, thumbnail

GROUND = tuple(int(BACKGROUND[i : i + 2], 16) for i in (1, 3, 5))


def test_shows_the_whole_picture_in_the_middle_of_a_square():
    wide = np.full((10, 40, 3), (200, 0, 0), dtype=np.uint8)
    square = np.asarray(thumbnail(wide, 80, 10_000))
    assert square.shape == (80, 80, 3)
    assert (square[30:50] == (200, 0, 0)).all()
    assert (square[:29] == GROUND).all() and (square[51:] == GROUND).all()


@pytest.mark.parametrize('mode', ['1', 'L', 'P', 'RGBA', 'CMYK', 'I;16'])
def test_reads_pictures_of_any_kind(tmp_path, mode):
    Image.new(mode, (9, 9)).save(tmp_path / 'a.tif')
    square = thumbnail(tmp_path / 'a.tif', 64, 10_000)
    assert (square.mode, square.size) == ('RGB', (64, 64))


def test_a_lost_or_broken_or_too_large_file_leaves_a_notice(tmp_path):
    (tmp_path / 'broken.png').write_text('text')
    Image.new('RGB', (101, 100), 'red').save(tmp_path / 'large.png')
    for name in ('absent.png', 'broken.png', 'large.png'):
        square = np.asarray(thumbnail(tmp_path / name, 120, max_pixels=10_000))
        assert (square[0, 0] == GROUND).all()
        assert (square != GROUND).any(), 'the notice has words'
        assert not (square == (255, 0, 0)).all(axis=-1).any()
    assert (np.asarray(thumbnail(tmp_path / 'large.png', 120, 10_100))[60, 60] == (255, 0, 0)).all()
