import numpy as np
import pytest

from pir_mm.structures import Pairing


def test_texts_of_an_image_in_any_order():
    pairing = Pairing(np.array([1, 0, 1, 2, 1]), num_images=3)
    assert pairing.texts_of(1).tolist() == [0, 2, 4]
    assert [pairing.texts_of(i).tolist() for i in (0, 2)] == [[1], [3]]


def test_texts_of_all_images_are_all_texts():
    owner = np.random.default_rng(0).permutation(np.arange(20) % 6)
    pairing = Pairing(owner, num_images=6)
    assert sorted(np.concatenate([pairing.texts_of(i) for i in range(6)])) == list(range(20))


@pytest.mark.parametrize(
    'owner, images, reason',
    [
        ([0, 2], 2, 'images 0 to 2, but there are 2'),
        ([-1, 0], 1, 'images -1 to 0'),
        ([0, 2, 2], 4, '2 of 4 images have no text, first image 1'),
        ([0.0], 1, 'integers'),
        ([[0]], 1, r'\(texts,\) integers'),
    ],
)
def test_refuses_what_is_no_pairing(owner, images, reason):
    with pytest.raises(ValueError, match=reason):
        Pairing(np.array(owner), images)
