"""A dual encoder over frozen states, taught by the fusion model that has them."""

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch.testing import assert_close

from pir_mm.functional.distillation import distillation
from pir_mm.models.losses.embedded_pairs import EmbeddedPairs
from pir_mm.models.retrievers.dual_encoder import DualEncoder
from tests.models.fusion.tiny import batch_of
from tests.models.retrievers.filters import DUAL, build_filter, save_teacher


def build(**changes):
    return build_filter(DUAL, **changes)


def test_embeds_the_first_states_of_its_teacher():
    model, batch = build(), batch_of(3, 5)
    assert isinstance(model, DualEncoder)
    images, texts = model.states(batch)
    image = model.encode_image(batch.images)
    text = model.encode_text(batch.token_ids, batch.token_mask)
    assert_close(image, model.image_tower(images[:, 0]))
    assert_close(text, model.text_tower(texts.tokens[:, 0]))
    assert image.shape == (3, 8) and text.shape == (5, 8)
    nothing = torch.zeros(0, 0, dtype=torch.long)
    assert model.encode_text(nothing, nothing.bool()).shape == (0, 8)


def test_learns_the_odds_of_the_teacher_the_truth_and_the_whole_batch(monkeypatch):
    model, batch = build(temperature=dict(init=0.2)), batch_of(4)
    model.bias.data.fill_(-0.5)
    pairs = model.distillation.pairs(batch)
    monkeypatch.setattr(model.distillation, 'pairs', lambda batch: pairs)
    losses = model(batch=batch, mode='loss')
    image = model.encode_image(batch.images)
    text = model.encode_text(batch.token_ids, batch.token_mask)
    odds = (image @ text.T)[pairs.image, pairs.text] / 0.2 - 0.5
    wanted = model.teacher.match(*model.states(batch), pairs.image, pairs.text)
    soft, hard = distillation(odds, wanted, pairs.matched, pairs.kept)
    assert_close(losses['loss_soft'], 0.2 * soft)
    assert_close(losses['loss_hard'], 0.8 * hard)
    embedded = EmbeddedPairs(
        image, text, batch.image_of_text, batch.image_id, batch.text_id, batch.scene, 0
    )
    assert_close(losses['loss_contrastive'], model.head.loss(embedded)['loss_contrastive'])
    assert losses['temperature_of_odds'].item() == pytest.approx(0.2)


@pytest.mark.parametrize('amp', [False, True])
def test_only_the_towers_and_the_scale_of_the_odds_learn(amp):
    model = build().train()
    optimiser = build_optim_wrapper(model, dict(optimizer=dict(type='SGD', lr=0.1)))
    with torch.autocast('cpu', torch.bfloat16, enabled=amp):
        losses = model.loss(batch_of(4))
    optimiser.backward(sum(value for name, value in losses.items() if 'loss' in name))
    assert all(p.grad is not None and p.grad.any() for p in model.parameters())
    assert all(p.grad is None for p in model.teacher.parameters())
    assert not [name for name in model.state_dict() if 'encoder' in name or 'matcher' in name]


def test_is_loaded_beside_its_teacher_and_no_other(tmp_path):
    save_teacher(tmp_path / 'teacher.pth')
    model = build(init=str(tmp_path / 'teacher.pth'))
    model.init_weights()
    other = build(init=str(tmp_path / 'teacher.pth'))
    other.load_state_dict(model.state_dict())
    images = batch_of(2).images
    assert_close(other.encode_image(images), model.encode_image(images))
    save_teacher(tmp_path / 'teacher.pth', seed=5)
    with pytest.raises(ValueError, match='other encoders than those of .*teacher.pth: give the ch'):
        build(init=str(tmp_path / 'teacher.pth')).load_state_dict(model.state_dict())
