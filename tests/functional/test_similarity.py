import torch
from torch.testing import assert_close

from pir_mm.functional.similarity import positives, similarity, unit


def test_unit_scales_to_length_one_in_float32():
    assert_close(unit(torch.tensor([[3.0, 4.0]]).bfloat16()), torch.tensor([[0.6, 0.8]]))
    assert unit(torch.zeros(1, 2)).tolist() == [[0, 0]]


def test_similarity_does_not_lose_bits_in_half_precision():
    image, text = torch.tensor([[1.0, 2**-9]]).bfloat16(), torch.tensor([[1.0, 1.0]]).bfloat16()
    assert similarity(image, text).tolist() == [[1 + 2**-9]]


def test_texts_of_every_row_of_a_picture_are_positives():
    image_of_text, image_id = torch.tensor([0, 0, 1, 2]), torch.tensor([7, 8, 7])
    assert positives(image_of_text, image_id).int().tolist() == [
        [1, 1, 0, 1],
        [0, 0, 1, 0],
        [1, 1, 0, 1],
    ]
