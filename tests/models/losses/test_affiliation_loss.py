import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close

FORMS = ('unique', 'pir', 'pir_clip')


def build(**kwargs):
    return MODELS.build({'type': 'pir_mm.AffiliationLoss', **kwargs})


def batch(scene, texts_per_image, seed=0):
    """Random embeddings; image ``i`` has ``texts_per_image[i]`` texts."""
    generator = torch.Generator().manual_seed(seed)
    owner = torch.arange(len(scene)).repeat_interleave(torch.tensor(texts_per_image))
    image, text = (
        torch.nn.functional.normalize(torch.randn(n, 5, generator=generator), dim=-1)
        for n in (len(scene), len(owner))
    )
    return image, text, owner, torch.arange(len(scene)), torch.tensor(scene)


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
    image = text = torch.eye(2)
    loss = build(temperature=0.5)(image, text, *[torch.arange(2)] * 3)
    assert_close(loss, torch.log(1 + torch.exp(torch.tensor(-2.0))))


@pytest.mark.parametrize('form', FORMS)
def test_unlabelled_rows_and_their_texts_are_as_if_absent(form):
    image, text, owner, image_id, scene = batch([3, -1, 8, 3, -1], [1, 2, 2, 1, 1])
    image.requires_grad_()
    loss = build(form=form)(image, text, owner, image_id, scene)
    loss.backward()
    keep, keep_text = scene >= 0, scene[owner] >= 0
    row = keep.cumsum(0) - 1
    alone = build(form=form)(
        image[keep], text[keep_text], row[owner[keep_text]], image_id[keep], scene[keep]
    )
    assert_close(loss, alone)
    assert not image.grad[~keep].any() and image.grad[keep].any(dim=1).all()


@pytest.mark.parametrize('form', ['pir', 'pir_clip'])
def test_official_forms_work_on_one_pair_for_each_text(form):
    image, text, owner, image_id, scene = batch([0, 1, 0], [3, 1, 2])
    pairs = image[owner], text, torch.arange(6), image_id[owner], scene[owner]
    assert_close(build(form=form)(image, text, owner, image_id, scene), build(form=form)(*pairs))


def test_our_form_counts_each_image_once_however_many_texts_it_has():
    image, text, owner, image_id, scene = batch([0, 1, 0], [3, 1, 2])
    centres = [torch.stack([text[[0, 1, 2, 4, 5]].mean(0), text[3]])]
    centres.append(torch.stack([image[[0, 2]].mean(0), image[1]]))
    terms = [
        torch.nn.functional.cross_entropy(x @ c.T / 0.07, label)
        for x, c, label in zip((image, text), centres, (scene, scene[owner]), strict=True)
    ]
    assert_close(build()(image, text, owner, image_id, scene), sum(terms) / 2)


def test_an_image_whose_class_has_no_text_is_left_out():
    image, text, owner, image_id, scene = batch([0, 1, 2], [1, 1, 0])
    loss = build()(image, text, owner, image_id, scene)
    assert_close(loss, build()(image[:2], text, owner, image_id[:2], scene[:2]))


@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize('scene', [[-1, -1], [4, -1]])
def test_nothing_to_contrast_is_zero_with_a_graph(form, scene):
    image, text, owner, image_id, scene = batch(scene, [1, 1])
    image.requires_grad_()
    text.requires_grad_()
    module = build(form=form)
    loss = module(image, text, owner, image_id, scene)
    loss.backward()
    assert_close(loss.item(), 0.0, atol=1e-6, rtol=0)
    for leaf in (image, text, module.temperature.value):
        assert_close(leaf.grad, torch.zeros_like(leaf), atol=1e-5, rtol=0)


def test_weight_multiplies_and_the_form_is_checked():
    given = batch([0, 1, 0], [1, 1, 1])
    assert_close(build(weight=0.25)(*given), build()(*given) / 4)
    with pytest.raises(ValueError, match="form='official' of AffiliationLoss is none of unique"):
        build(form='official')
    assert "form='pir', weight=1.0" in repr(build(form='pir'))
