"""Texts go to the images they describe."""

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close

from pir_mm.models.losses import EmbeddedPairs

WARM = torch.tensor(0.5)


def build(**kwargs):
    return MODELS.build({'type': 'pir_mm.ContrastiveLoss', **kwargs})


def pairs(image, text, image_of_text, image_id=None, text_id=None):
    images, texts = torch.arange(len(image)), torch.arange(len(text))
    return EmbeddedPairs(
        image,
        text,
        torch.tensor(image_of_text),
        images if image_id is None else torch.tensor(image_id),
        texts if text_id is None else torch.tensor(text_id),
        torch.full((len(image),), -1),
        0,
    )


def test_equals_the_authors_code(loss_and_gradients, agrees):
    agrees(loss_and_gradients(build(positives='image')), 'contrastive')


def test_with_the_pair_alone_it_is_that_of_pir_clip(loss_and_gradients, golden):
    value, *_ = loss_and_gradients(build(positives='pair'))
    assert_close(value, torch.tensor(golden['pir_clip_loss_contrastive']))


def test_a_value_worked_out_by_hand():
    loss = build()(pairs(torch.eye(2), torch.eye(2), [0, 1]), WARM)
    # Similarities over the temperature are 2 on the diagonal, else 0.
    assert_close(loss, torch.log(1 + torch.exp(torch.tensor(-2.0))))


def test_texts_of_one_image_do_not_push_each_other_away():
    text = torch.eye(3)[[0, 0, 1, 0]].requires_grad_()
    both_rows = pairs(torch.eye(3)[[0, 1, 0]], text, [0, 2, 1, 2], image_id=[5, 6, 5])
    loss = build()(both_rows, WARM)
    loss.backward()
    alone = build()(pairs(torch.eye(3)[:2], text[:3].detach(), [0, 0, 1]), WARM)
    assert loss.item() > alone.item()  # three positives share what one had
    assert_close(text.grad[0], text.grad[1])
    assert_close(text.grad[0], text.grad[3])


def test_equal_words_under_two_images_push_away_by_name_only():
    """Both images have the same caption: by default nothing can be gained by parting them."""
    given = pairs(torch.eye(2), torch.eye(2), [0, 1], text_id=[4, 4])
    one_positive = torch.log(1 + torch.exp(torch.tensor(-2.0)))
    assert_close(build(positives='image')(given, WARM), one_positive)
    assert_close(build(positives='pair')(given, WARM), one_positive)
    assert_close(build()(given, WARM), one_positive + 1)  # half of the target is at logit 0


def test_weight_multiplies():
    given = pairs(torch.eye(2), torch.eye(2).flip(0), [0, 1])
    assert_close(build(weight=0.25)(given, WARM), build()(given, WARM) / 4)


def test_a_batch_of_one_has_nothing_to_tell_apart():
    assert build()(pairs(torch.ones(1, 1), torch.ones(1, 1), [0]), WARM).item() == 0


def test_says_what_is_wrong():
    with pytest.raises(ValueError, match="positives='all' of ContrastiveLoss is unknown"):
        build(positives='all')
    with pytest.raises(ValueError, match='temperature=0.07 of a loss must be a name'):
        build(temperature=0.07)


def test_shows_its_constants():
    shown = repr(build(temperature='shared', weight=2.0))
    assert "positives='image_or_text', temperature='shared', weight=2.0" in shown
