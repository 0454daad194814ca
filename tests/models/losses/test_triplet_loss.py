import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close

GIVEN = (
    torch.eye(2)[[0, 1, 0]],
    torch.eye(2)[[0, 1, 0]],
    torch.arange(3),
    torch.tensor([4, 5, 4]),
    torch.zeros(3).long(),
)


def build(**kwargs):
    return MODELS.build({'type': 'pir_mm.TripletLoss', **kwargs})


def test_equals_the_authors_code_when_it_spares_the_pair_only(loss_and_gradients, agrees):
    agrees(loss_and_gradients(build(spare='pair')), 'triplet')


def test_spares_all_texts_of_a_picture_by_default():
    assert build()(*GIVEN).item() == 0
    # Rows 0 and 2 show one picture: each is a negative of the other's text, both ways.
    assert_close(build(spare='pair')(*GIVEN), torch.tensor(4 * 0.2))


def test_margin_and_weight():
    assert_close(build(spare='pair', margin=0.5, weight=3.0)(*GIVEN), torch.tensor(4 * 0.5 * 3))


def test_says_what_it_cannot_spare():
    with pytest.raises(ValueError, match="spare='all' of TripletLoss is neither"):
        build(spare='all')
    assert "margin=0.2, spare='image_id'" in repr(build())
