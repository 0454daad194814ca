"""Wrong pairs stay a margin below the right one."""

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close

from pir_mm.models.losses import EmbeddedPairs

GIVEN = EmbeddedPairs(
    torch.eye(2)[[0, 1, 0]],
    torch.eye(2)[[0, 1, 0]],
    image_of_text=torch.arange(3),
    image_id=torch.tensor([4, 5, 4]),
    text_id=torch.arange(3),
    scene=torch.zeros(3).long(),
    n_scenes=1,
)


def build(**kwargs):
    return MODELS.build({'type': 'pir_mm.TripletLoss', **kwargs})


def test_equals_the_authors_code_with_the_pair_alone(loss_and_gradients, agrees):
    agrees(loss_and_gradients(build(positives='pair')), 'triplet')


def test_texts_of_one_image_are_no_negatives_by_default():
    assert build()(GIVEN).item() == 0
    assert build(positives='image')(GIVEN).item() == 0
    # Rows 0 and 2 show one image: each is a negative of the other's text, both ways.
    assert_close(build(positives='pair')(GIVEN), torch.tensor(4 * 0.2))


def test_equal_words_are_no_negatives_by_default():
    given = GIVEN._replace(image_id=torch.arange(3), text_id=torch.tensor([1, 2, 1]))
    assert build()(given).item() == 0
    assert_close(build(positives='image')(given), torch.tensor(4 * 0.2))


def test_margin_and_weight():
    loss = build(positives='pair', margin=0.5, weight=3.0)
    assert_close(loss(GIVEN), torch.tensor(4 * 0.5 * 3))
    assert loss.temperature is None


def test_says_which_positives_there_are():
    with pytest.raises(ValueError, match="positives='all' of TripletLoss is unknown"):
        build(positives='all')
    assert "margin=0.2, positives='image_or_text'" in repr(build())
