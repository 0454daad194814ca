import pytest
import torch
from torch.testing import assert_close

from pir_mm.models.retrievers.length_groups import encode_in_length_groups


def batch(texts, longest=9):
    generator = torch.Generator().manual_seed(texts)
    lengths = torch.randint(1, longest + 1, (texts,), generator=generator)
    mask = torch.arange(int(lengths.max())) < lengths.unsqueeze(1)
    ids = torch.randint(1, 50, mask.shape, generator=generator) * mask
    return ids, mask


class Encoder:
    """Sum and length of each text; keeps the shapes it was called with."""

    def __init__(self):
        self.shapes = []

    def __call__(self, ids, mask):
        self.shapes.append(tuple(ids.shape))
        return torch.stack([(ids * mask).sum(1), mask.sum(1)], dim=1).float()


@pytest.mark.parametrize('texts', [1, 31, 32, 50, 100])
@pytest.mark.parametrize('groups', [1, 2, 4])
def test_gives_what_one_call_gives_in_the_same_order(texts, groups):
    ids, mask = batch(texts)
    assert_close(encode_in_length_groups(Encoder(), ids, mask, groups), Encoder()(ids, mask))


def test_a_group_is_as_wide_as_its_longest_text():
    lengths = torch.tensor([8] + [3] * 31)
    mask = torch.arange(8) < lengths.unsqueeze(1)
    encoder = Encoder()
    encode_in_length_groups(encoder, mask.long(), mask, groups=2)
    assert encoder.shapes == [(16, 3), (16, 8)]


def test_few_texts_stay_together():
    encoder = Encoder()
    encode_in_length_groups(encoder, *batch(31), groups=4)
    assert len(encoder.shapes) == 1


def test_no_text_gives_no_row():
    encoder = Encoder()
    ids = torch.zeros(0, 5, dtype=torch.long)
    assert encode_in_length_groups(encoder, ids, ids.bool(), groups=4).shape == (0, 2)


def test_trains_every_text():
    ids, mask = batch(40)
    table = torch.randn(50, 3, requires_grad=True)

    def encode(ids, mask):
        return (table[ids] * mask.unsqueeze(-1)).sum(1)

    encode_in_length_groups(encode, ids, mask, groups=2).sum().backward()
    used = torch.zeros(50, dtype=torch.bool)
    used[ids[mask]] = True
    assert torch.equal(table.grad[:, 0] != 0, used)
