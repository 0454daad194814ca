"""Hidden words are guessed."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import MODELS
from torch.testing import assert_close

from pir_mm.models.fusion import FusionStep
from tests.models.fusion.tiny import MLM, batch_of, build


def build_loss(**changes):
    torch.manual_seed(0)
    return MODELS.build(MLM | changes)


def step_of(tokens, true_ids, word_vectors):
    return SimpleNamespace(masked_tokens=(tokens, true_ids), word_vectors=word_vectors)


def test_a_value_worked_out_by_hand():
    """Without a transform to speak of, three words at right angles: logits 2, 0, 0 and 0, 2, 0."""
    loss = build_loss(dim=3, vocab_size=3, weight=0.5)
    torch.nn.init.zeros_(loss.transform.dense.weight)
    loss.transform.LayerNorm = torch.nn.Identity()
    loss.transform.dense = torch.nn.Identity()
    tokens = 2 * torch.eye(3)[:2]
    words = torch.eye(3) * (2 / F.gelu(torch.tensor(2.0)))
    value, noted = loss(step_of(tokens, torch.tensor([0, 2]), words))
    likely, unlikely = (torch.tensor([2.0, 0, 0]).log_softmax(0)[i] for i in (0, 1))
    assert_close(value, -0.5 * (likely + unlikely) / 2)
    assert noted['mlm_acc'] == 0.5


def test_at_hidden_words_alone_it_is_the_dense_loss_that_ignores_the_others():
    model, batch = build().double(), batch_of(4, masked=True, dtype=torch.float64)
    loss, step = model.losses['mlm'], FusionStep(model, batch)
    texts = model.encode_text_tokens(batch.masked_ids, batch.token_mask)
    rows = torch.arange(4)
    tokens = model.fusion_encoder(step.images, texts, rows, rows)
    inner = loss.transform.LayerNorm(F.gelu(loss.transform.dense(tokens)))
    logits = inner @ model.text_encoder.word_vectors.T + loss.bias
    label = torch.full(batch.token_ids.shape, -100).flatten()
    label[batch.masked_at] = batch.token_ids.flatten()[batch.masked_at]
    wanted = F.cross_entropy(logits.flatten(0, 1).float(), label, ignore_index=-100)
    assert_close(loss(step)[0], wanted)
    seen = []
    loss.transform.dense.register_forward_hook(lambda m, given, out: seen.append(len(out)))
    loss(step)
    assert seen == [len(batch.masked_at)] and 0 < seen[0] < batch.token_mask.sum()


def test_no_hidden_word_gives_zero_and_touches_everything():
    model, batch = build().train(), batch_of(3, masked=True)
    none = replace(batch, masked_ids=batch.token_ids, masked_at=torch.zeros(0).long())
    value, noted = model.losses['mlm'](FusionStep(model, none))
    assert value == 0 and noted['mlm_acc'] == 0
    value.backward()
    parts = (model.losses['mlm'], model.text_encoder, model.fusion_encoder, model.image_encoder)
    for part in parts:
        assert all(p.grad is not None and not p.grad.any() for p in part.parameters())


def test_words_learn_from_being_read_and_from_being_guessed():
    """A word that is in no text is guessed wrongly; one in a text alone is read."""
    model, batch = build().train(), batch_of(2, masked=True)
    model.losses['mlm'](FusionStep(model, batch))[0].backward()
    gradient = model.text_encoder.word_vectors.grad.abs().sum(dim=1)
    assert (gradient > 0).all()


def test_starts_from_the_head_of_a_bert_file_or_refuses(tmp_path):
    head = {
        'transform.dense.weight': torch.full((32, 32), 0.1),
        'transform.dense.bias': torch.full((32,), 0.2),
        'transform.LayerNorm.gamma': torch.full((32,), 0.3),
        'transform.LayerNorm.beta': torch.full((32,), 0.4),
        'bias': torch.full((60,), 0.5),
        'decoder.weight': torch.zeros(60, 32),
    }
    named = {f'cls.predictions.{name}': value for name, value in head.items()}
    torch.save(named | {'bert.x': torch.ones(1)}, tmp_path / 'bert.bin')
    loss = build_loss(init=str(tmp_path / 'bert.bin'))
    loss.init_weights()
    values = {name: value.flatten()[0].item() for name, value in loss.state_dict().items()}
    assert values == pytest.approx(
        {
            'bias': 0.5, 'transform.dense.weight': 0.1, 'transform.dense.bias': 0.2,
            'transform.LayerNorm.weight': 0.3, 'transform.LayerNorm.bias': 0.4,
        }
    )  # fmt: skip
    torch.save({'bert.x': torch.ones(1)}, tmp_path / 'bare.bin')
    advice = 'model.losses.mlm.init=random'
    with pytest.raises(ValueError, match=f'does not fit losses.mlm: 0 of its 5 .*{advice}'):
        build_loss(init=str(tmp_path / 'bare.bin')).init_weights()
    with pytest.raises(FileNotFoundError, match=f'no BERT weights at .*{advice}'):
        build_loss(init=str(tmp_path / 'none')).init_weights()


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(rate=0), 'rate=0 of hidden words must be between 0 and 1'),
        (dict(rate=1.0), 'rate=1.0 of hidden words'),
        (dict(recipe=(0.8, 0.1, 0.2)), r'recipe=\(0.8, 0.1, 0.2\) must be three shares'),
        (dict(recipe=(1.2, -0.2, 0.0)), 'must be three shares that sum to 1'),
        (dict(recipe=(0.5, 0.5)), 'must be three shares that sum to 1'),
    ],
)
def test_says_what_is_wrong(settings, message):
    with pytest.raises(ValueError, match=message):
        build_loss(**settings)
