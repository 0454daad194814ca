import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close


def build(**kwargs):
    return MODELS.build({'type': 'pir_mm.RetrievalHead', 'dim': 4, **kwargs})


def batch(images=3, texts=5, dim=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    image, text = (
        torch.nn.functional.normalize(torch.randn(n, dim, generator=generator), dim=-1)
        for n in (images, texts)
    )
    return image, text, torch.arange(texts) % images, torch.arange(images), torch.arange(images) % 2


def test_an_embedding_is_the_unit_of_global_plus_projected_local():
    head = build()
    torch.nn.init.eye_(head.image_local.weight)
    torch.nn.init.zeros_(head.image_local.bias)
    pooled, local = torch.tensor([[1.0, 0, 0, 0]]), torch.tensor([[2.0, 4, 0, 0]])
    assert_close(head.embed_image(pooled, local), torch.tensor([[0.6, 0.8, 0, 0]]))


def test_without_global_branch_it_is_the_unit_of_the_projected_local_one():
    head = build(add_global=False, text_local=False)
    pooled, local = torch.randn(2, 4), torch.randn(2, 4)
    projected = head.image_local(local)
    assert_close(head.embed_image(pooled, local), projected / projected.norm(dim=1, keepdim=True))
    assert_close(head.embed_text(pooled), pooled / pooled.norm(dim=1, keepdim=True))


@pytest.mark.parametrize('rows', [0, 1, 3])
def test_without_local_branch_it_is_the_unit_of_the_global_vector(rows):
    head = build(image_local=False, text_local=False)
    pooled = torch.randn(rows, 4)
    for embed in (head.embed_image, head.embed_text):
        assert_close(embed(pooled), pooled / pooled.norm(dim=1, keepdim=True))
    assert [name for name, _ in head.named_parameters()] == [
        'losses.contrastive.temperature.value',
        'losses.affiliation.temperature.value',
    ]


def test_embeddings_are_float32_of_any_type():
    head = build(text_local=False)
    assert head.embed_text(torch.ones(1, 4, dtype=torch.bfloat16)).dtype == torch.float32


def test_losses_are_those_of_the_modules_by_name():
    head = build(
        losses={
            'contrastive': {'type': 'pir_mm.ContrastiveLoss', 'temperature': 0.2},
            'hinge': {'type': 'pir_mm.TripletLoss', 'weight': 3.0},
        }
    )
    values = head.loss(*batch())
    assert list(values) == ['loss_contrastive', 'loss_hinge', 'temperature_contrastive']
    assert_close(values['loss_contrastive'], head.losses['contrastive'](*batch()))
    assert_close(values['loss_hinge'], head.losses['hinge'](*batch()))
    assert values['temperature_contrastive'].item() == pytest.approx(0.2)
    assert not values['temperature_contrastive'].requires_grad


def test_the_pair_of_pir_is_the_default():
    assert list(build().loss(*batch()))[:2] == ['loss_contrastive', 'loss_affiliation']


def test_a_loss_set_to_none_is_left_out():
    losses = {'contrastive': {'type': 'pir_mm.ContrastiveLoss'}, 'affiliation': None}
    assert list(build(losses=losses).loss(*batch())) == [
        'loss_contrastive',
        'temperature_contrastive',
    ]
    with pytest.raises(ValueError, match="at least one loss, got losses={'affiliation': None}"):
        build(losses={'affiliation': None})


def test_runs_in_float32_outside_autocast():
    expected = build().loss(*batch())
    image, text, *rest = batch()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        values = build().loss(image, text, *rest)
    assert_close(values, expected, rtol=0, atol=0)
    halves = build().loss(image.bfloat16(), text.bfloat16(), *rest)
    assert halves['loss_contrastive'].dtype == torch.float32


def test_trains_what_gave_the_embeddings_and_the_temperatures():
    head = build()
    pooled, local = torch.randn(3, 4, requires_grad=True), torch.randn(3, 4)
    text = head.embed_text(torch.randn(3, 4), torch.randn(3, 4))
    values = head.loss(head.embed_image(pooled, local), text, *[torch.arange(3)] * 3)
    sum(value for name, value in values.items() if 'loss' in name).backward()
    assert pooled.grad.any() and all(p.grad.any() for p in head.parameters())


def test_says_what_does_not_fit():
    image, text, owner, image_id, scene = batch()
    with pytest.raises(ValueError, match='3 image embeddings came with 2 image ids and 3 scenes'):
        build().loss(image, text, owner, image_id[:2], scene)
    with pytest.raises(ValueError, match='5 text embeddings came with 4 entries'):
        build().loss(image, text, owner[:4], image_id, scene)
    with pytest.raises(ValueError, match='no local .* wants one: build it with image_local=False'):
        build().embed_image(image)
    with pytest.raises(ValueError, match='a local .* wants none: build it with text_local=True'):
        build(text_local=False).embed_text(text, text)
    with pytest.raises(ValueError, match='at least one loss'):
        build(losses={})
