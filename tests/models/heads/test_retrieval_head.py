"""The head owns temperatures and sums up nothing: it names what each loss gives."""

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close

from pir_mm.models.losses import EmbeddedPairs

CONTRASTIVE = {'type': 'pir_mm.ContrastiveLoss'}


def build(**kwargs):
    return MODELS.build({'type': 'pir_mm.RetrievalHead', **kwargs})


def batch(images=3, texts=5, dim=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    image, text = (
        torch.nn.functional.normalize(torch.randn(n, dim, generator=generator), dim=-1)
        for n in (images, texts)
    )
    rows = torch.arange(images)
    return EmbeddedPairs(
        image, text, torch.arange(texts) % images, rows, torch.arange(texts), rows % 2, 2
    )


def test_losses_are_those_of_the_modules_by_name():
    head = build(
        losses={
            'contrastive': CONTRASTIVE,
            'hinge': {'type': 'pir_mm.TripletLoss', 'weight': 3.0},
        },
        temperatures={'contrastive': {'init': 0.2}},
    )
    values = head.loss(batch())
    assert list(values) == ['loss_contrastive', 'loss_hinge', 'temperature_contrastive']
    expected = head.losses['contrastive'](batch(), torch.tensor(0.2))
    assert_close(values['loss_contrastive'], expected)
    assert_close(values['loss_hinge'], head.losses['hinge'](batch()))
    assert values['temperature_contrastive'].item() == pytest.approx(0.2)
    assert not values['temperature_contrastive'].requires_grad


def test_the_pair_of_pir_is_the_default_each_with_its_temperature():
    assert list(build().loss(batch())) == [
        'loss_contrastive',
        'loss_affiliation',
        'temperature_contrastive',
        'temperature_affiliation',
    ]
    names = [f'temperatures.{name}.value' for name in ('contrastive', 'affiliation')]
    assert [name for name, _ in build().named_parameters()] == names


def test_two_losses_share_a_temperature_by_its_name():
    affiliation = {'type': 'pir_mm.AffiliationLoss', 'temperature': 'contrastive'}
    losses = {'contrastive': CONTRASTIVE, 'affiliation': affiliation}
    head = build(losses=losses, temperatures={'contrastive': {'init': 0.1, 'fixed': False}})
    values = head.loss(batch())
    assert [name for name, _ in head.named_parameters()] == ['temperatures.contrastive.value']
    assert list(values)[2:] == ['temperature_contrastive']
    gradients = [
        torch.autograd.grad(values[f'loss_{name}'], head.temperatures['contrastive'].value,
                            retain_graph=True)[0]
        for name in losses
    ]  # fmt: skip
    (values['loss_contrastive'] + values['loss_affiliation']).backward()
    assert all(gradients)
    assert_close(head.temperatures['contrastive'].value.grad, sum(gradients))


def test_a_fixed_temperature_is_not_learnt():
    head = build(losses={'c': CONTRASTIVE}, temperatures={'contrastive': {'fixed': True}})
    assert list(head.parameters()) == []


def test_a_loss_set_to_none_is_left_out_with_its_temperature():
    losses = {'contrastive': CONTRASTIVE, 'affiliation': None}
    values = build(losses=losses).loss(batch())
    assert list(values) == ['loss_contrastive', 'temperature_contrastive']
    with pytest.raises(ValueError, match="at least one loss, got losses={'affiliation': None}"):
        build(losses={'affiliation': None})


def test_runs_in_float32_outside_autocast():
    expected = build().loss(batch())
    with torch.autocast('cpu', dtype=torch.bfloat16):
        values = build().loss(batch())
    assert_close(values, expected, rtol=0, atol=0)
    halves = batch()._replace(image_embedding=batch().image_embedding.bfloat16())
    assert build().loss(halves)['loss_contrastive'].dtype == torch.float32


def test_trains_what_gave_the_embeddings_and_the_temperatures():
    head, given = build(), batch()
    given.image_embedding.requires_grad_()
    values = head.loss(given)
    sum(value for name, value in values.items() if 'loss' in name).backward()
    assert given.image_embedding.grad.any() and all(p.grad.any() for p in head.parameters())


def test_says_what_does_not_fit():
    given = batch()
    with pytest.raises(ValueError, match='3 image embeddings came with 2 image ids and 3 scenes'):
        build().loss(given._replace(image_id=given.image_id[:2]))
    with pytest.raises(ValueError, match='5 text embeddings came with 4 values of image_of_text'):
        build().loss(given._replace(image_of_text=given.image_of_text[:4]))
    with pytest.raises(ValueError, match='5 text embeddings came with .* and 1 text ids'):
        build().loss(given._replace(text_id=given.text_id[:1]))
    with pytest.raises(ValueError, match='at least one loss'):
        build(losses={})
    with pytest.raises(ValueError, match="no loss .* uses the temperature 'warm', they use contr"):
        build(temperatures={'warm': {}})
    named = {**CONTRASTIVE, 'temperature': 'of_the_loss'}
    with pytest.raises(ValueError, match='\'of_the_loss\' must not have "loss" in its name'):
        build(losses={'contrastive': named})
