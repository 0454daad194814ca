"""Pairs are scored from kept states as from fresh ones."""

import pytest
import torch
from torch.testing import assert_close

from pir_mm.engine import kept_states
from pir_mm.engine.kept_states import KeptStates
from tests.models.fusion.tiny import batch_of, build

IMAGES, TEXTS = 5, 7


@pytest.fixture
def kept():
    """A tiny model, and its states by ids that are no row numbers."""
    model, batch = build(), batch_of(IMAGES, TEXTS)
    states = KeptStates()
    with torch.no_grad():
        images = model.encode_image_tokens(batch.images)
        texts = model.encode_text_tokens(batch.token_ids, batch.token_mask)
    for row, own in enumerate(images):
        states.keep_image(10 * row, own)
    for row, (own, mask) in enumerate(zip(*texts, strict=True)):
        states.keep_text(100 - row, own[mask])
    return (
        model,
        states,
        images.bfloat16().float(),
        texts._replace(tokens=texts.tokens.bfloat16().float()),
    )


@pytest.mark.parametrize(('images', 'pairs'), [(1, 1), (2, 3), (32, 4096)])
def test_scores_are_those_of_the_model_however_many_at_a_time(kept, monkeypatch, images, pairs):
    monkeypatch.setattr(kept_states, 'IMAGES', images)
    monkeypatch.setattr(kept_states, 'PAIRS', pairs)
    monkeypatch.setattr(kept_states, 'multiplies_bf16', lambda device: False)
    model, states, own_images, own_texts = kept
    order = torch.randperm(IMAGES * TEXTS, generator=torch.Generator().manual_seed(0))[:20]
    image, text = order // TEXTS, order % TEXTS
    wanted = model.match(own_images, own_texts, image, text)
    scores = states.scores(model, 10 * image, 100 - text)
    assert scores.dtype == torch.float32 and not scores.requires_grad
    assert_close(scores, wanted)


def test_bfloat16_changes_little(kept, monkeypatch):
    model, states, *_ = kept
    image, text = torch.arange(IMAGES) * 10, 100 - torch.arange(IMAGES)
    results = []
    for fast in (False, True):
        monkeypatch.setattr(kept_states, 'multiplies_bf16', lambda device, fast=fast: fast)
        results.append(states.scores(model, image, text))
    assert 0 < (results[0] - results[1]).abs().max() < 0.02


def test_an_image_is_read_once_for_all_its_texts(kept, monkeypatch):
    model, states, *_ = kept
    seen = []
    monkeypatch.setattr(
        model.fusion_encoder, 'read_images',
        lambda given, read=model.fusion_encoder.read_images: seen.append(len(given)) or read(given),
    )  # fmt: skip
    image, text = torch.meshgrid(torch.arange(IMAGES), torch.arange(TEXTS), indexing='ij')
    states.scores(model, 10 * image.T.flatten(), 100 - text.T.flatten())
    assert seen == [IMAGES]


def test_what_comes_twice_is_kept_once_and_as_it_came_first(kept):
    model, states, *_ = kept
    image, text = torch.tensor([10]), torch.tensor([98])
    before = states.scores(model, image, text)
    states.keep_image(10, torch.zeros(5, 32))
    states.keep_text(98, torch.zeros(2, 32))
    assert torch.equal(states.scores(model, image, text), before)


def test_no_pairs_have_no_scores(kept):
    nothing = torch.zeros(0, dtype=torch.long)
    assert kept[1].scores(kept[0], nothing, nothing).shape == (0,)


def test_a_strange_pair_is_an_error(kept):
    with pytest.raises(KeyError):
        kept[1].scores(kept[0], torch.tensor([10]), torch.tensor([1]))
