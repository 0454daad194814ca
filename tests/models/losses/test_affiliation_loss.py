"""Embeddings gather around the centres of their scenes."""

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close

from pir_mm.models.losses import EmbeddedPairs

FORMS = ('unique', 'pir', 'pir_clip')


def build(**kwargs):
    return MODELS.build({'type': 'pir_mm.AffiliationLoss', **kwargs})


WARM = torch.tensor(0.07)


def pairs(image, text, image_of_text, scene):
    images, texts = torch.arange(len(image)), torch.arange(len(text))
    return EmbeddedPairs(image, text, image_of_text, images, texts, scene, int(scene.max()) + 1)


def batch(scene, texts_per_image, seed=0):
    """Random embeddings; image ``i`` has ``texts_per_image[i]`` texts."""
    generator = torch.Generator().manual_seed(seed)
    image_of_text = torch.arange(len(scene)).repeat_interleave(torch.tensor(texts_per_image))
    image, text = (
        torch.nn.functional.normalize(torch.randn(n, 5, generator=generator), dim=-1)
        for n in (len(scene), len(image_of_text))
    )
    return pairs(image, text, image_of_text, torch.tensor(scene))


def test_pir_form_equals_the_authors_code(loss_and_gradients, agrees):
    agrees(loss_and_gradients(build(form='pir')), 'affiliation')


def test_pir_clip_form_equals_the_authors_code(loss_and_gradients, golden):
    value, *_ = loss_and_gradients(build(form='pir_clip'))
    expected = torch.tensor(golden['pir_clip_loss_affiliation'])
    assert_close(value, expected, rtol=1e-5, atol=1e-5)


def test_our_form_is_free_of_the_floor(loss_and_gradients, golden):
    value, *_ = loss_and_gradients(build())
    sizes = torch.tensor(golden['label']).bincount().float()
    floor = (sizes / sizes.sum() * sizes.log()).sum()
    clip, *_ = loss_and_gradients(build(form='pir_clip'))
    assert value < clip - 0.9 * floor


def test_a_value_worked_out_by_hand():
    given = pairs(torch.eye(2), torch.eye(2), torch.arange(2), torch.arange(2))
    loss = build()(given, torch.tensor(0.5))
    assert_close(loss, torch.log(1 + torch.exp(torch.tensor(-2.0))))


@pytest.mark.parametrize('form', FORMS)
def test_unlabelled_rows_and_their_texts_are_as_if_absent(form):
    given = batch([3, -1, 8, 3, -1], [1, 2, 2, 1, 1])
    image, text, image_of_text, scene = (given[0], given[1], given[2], given[5])
    image.requires_grad_()
    loss = build(form=form)(given, WARM)
    loss.backward()
    keep, keep_text = scene >= 0, scene[image_of_text] >= 0
    row = keep.cumsum(0) - 1
    alone = pairs(image[keep], text[keep_text], row[image_of_text[keep_text]], scene[keep])
    assert_close(loss, build(form=form)(alone, WARM))
    assert not image.grad[~keep].any() and image.grad[keep].any(dim=1).all()


@pytest.mark.parametrize('form', ['pir', 'pir_clip'])
def test_official_forms_work_on_one_pair_for_each_text(form):
    given = batch([0, 1, 0], [3, 1, 2])
    rows = given.image_of_text
    one_each = pairs(
        given.image_embedding[rows], given.text_embedding, torch.arange(6), given.scene[rows]
    )
    assert_close(build(form=form)(given, WARM), build(form=form)(one_each, WARM))


def test_our_form_counts_each_image_once_however_many_texts_it_has():
    given = batch([0, 1, 0], [3, 1, 2])
    image, text, scene = given.image_embedding, given.text_embedding, given.scene
    centres = [torch.stack([text[[0, 1, 2, 4, 5]].mean(0), text[3]])]
    centres.append(torch.stack([image[[0, 2]].mean(0), image[1]]))
    classes = scene, scene[given.image_of_text]
    terms = [
        torch.nn.functional.cross_entropy(x @ c.T / 0.07, label)
        for x, c, label in zip((image, text), centres, classes, strict=True)
    ]
    assert_close(build()(given, WARM), sum(terms) / 2)


def test_an_image_whose_class_has_no_text_is_left_out():
    given = batch([0, 1, 2], [1, 1, 0])
    without = pairs(
        given.image_embedding[:2], given.text_embedding, given.image_of_text, given.scene[:2]
    )
    assert_close(build()(given, WARM), build()(without, WARM))


@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize('scene', [[-1, -1], [4, -1]])
def test_nothing_to_contrast_is_zero_with_a_graph(form, scene):
    given = batch(scene, [1, 1])
    temperature = torch.tensor(0.07, requires_grad=True)
    leaves = (given.image_embedding, given.text_embedding, temperature)
    for leaf in leaves:
        leaf.requires_grad_()
    loss = build(form=form)(given, temperature)
    loss.backward()
    assert_close(loss.item(), 0.0, atol=1e-6, rtol=0)
    for leaf in leaves:
        assert_close(leaf.grad, torch.zeros_like(leaf), atol=1e-5, rtol=0)


def test_weight_multiplies_and_the_form_is_checked():
    given = batch([0, 1, 0], [1, 1, 1])
    assert_close(build(weight=0.25)(given, WARM), build()(given, WARM) / 4)
    with pytest.raises(ValueError, match="form='official' of AffiliationLoss is none of unique"):
        build(form='official')
    with pytest.raises(ValueError, match='temperature=0.1 of a loss must be a name'):
        build(temperature=0.1)
    assert "form='pir', temperature='affiliation', weight=1.0" in repr(build(form='pir'))
