import pytest
import torch
from torch.testing import assert_close

from pir_mm.functional.similarity import positives, similarity, unit


def test_unit_scales_to_length_one_in_float32():
    assert_close(unit(torch.tensor([[3.0, 4.0]]).bfloat16()), torch.tensor([[0.6, 0.8]]))
    assert unit(torch.zeros(1, 2)).tolist() == [[0, 0]]


def test_similarity_does_not_lose_bits_in_half_precision():
    image, text = torch.tensor([[1.0, 2**-9]]).bfloat16(), torch.tensor([[1.0, 1.0]]).bfloat16()
    assert similarity(image, text).tolist() == [[1 + 2**-9]]


IMAGE_OF_TEXT = torch.tensor([0, 0, 1, 2, 3])
IMAGE_ID = torch.tensor([7, 8, 7, 5])  # rows 0 and 2 show one image
TEXT_ID = torch.tensor([40, 3, 90, 40, 3])  # texts 0 and 3 are equal, so are 1 and 4


@pytest.mark.parametrize(
    ('kind', 'expected'),
    [
        ('pair', [[1, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1]]),
        ('image', [[1, 1, 0, 1, 0], [0, 0, 1, 0, 0], [1, 1, 0, 1, 0], [0, 0, 0, 0, 1]]),
        ('image_or_text', [[1, 1, 0, 1, 1], [0, 0, 1, 0, 0], [1, 1, 0, 1, 1], [0, 1, 0, 0, 1]]),
    ],
)
def test_who_is_a_positive(kind, expected):
    assert positives(IMAGE_OF_TEXT, IMAGE_ID, TEXT_ID, kind).int().tolist() == expected


@pytest.mark.parametrize('images', [1, 2, 9])
@pytest.mark.parametrize('seed', range(5))
def test_positives_agree_with_a_loop_over_all_pairs(images, seed):
    generator = torch.Generator().manual_seed(seed)
    image_id = torch.randint(0, 4, (images,), generator=generator)
    image_of_text = torch.randint(0, images, (2 * images,), generator=generator)
    text_id = torch.randint(0, 6, (2 * images,), generator=generator)
    described = {
        (int(image_id[row]), int(words)) for row, words in zip(image_of_text, text_id, strict=True)
    }
    expected = [[(int(i), int(t)) in described for t in text_id] for i in image_id]
    assert positives(image_of_text, image_id, text_id).tolist() == expected


def test_an_unknown_kind_of_positives_is_refused():
    with pytest.raises(ValueError, match="positives='all' is unknown, wanted one of image_or_text"):
        positives(IMAGE_OF_TEXT, IMAGE_ID, TEXT_ID, 'all')
