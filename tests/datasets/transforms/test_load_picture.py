"""First transform of a pipeline."""

import numpy as np
import pytest
from PIL import Image

from pir_mm.registry import TRANSFORMS


def build(**options):
    return TRANSFORMS.build(dict(type='pir_mm.LoadPicture', **options))


def test_adds_the_picture_and_its_shape(tmp_path):
    Image.new('RGB', (9, 6), (1, 2, 3)).save(tmp_path / 'a.png')
    given = {'img_path': str(tmp_path / 'a.png'), 'text': ['a']}
    results = build()(given)
    np.testing.assert_array_equal(results.pop('img'), np.full((6, 9, 3), (3, 2, 1)))
    assert results == {**given, 'img_shape': (6, 9), 'ori_shape': (6, 9)}


def test_hands_its_limits_on(tmp_path):
    Image.new('RGB', (90, 60)).save(tmp_path / 'a.jpg')
    results = {'img_path': str(tmp_path / 'a.jpg')}
    assert build(min_side=30)(results)['img_shape'] == (30, 45)
    with pytest.raises(ValueError, match='more than the 100 of max_pixels'):
        build(max_pixels=100)(results)
    assert repr(build(max_pixels=5, min_side=3)) == 'LoadPicture(max_pixels=5, min_side=3)'


def test_a_text_alone_is_a_key_error():
    with pytest.raises(KeyError):
        build()({'text': 'a pond'})
