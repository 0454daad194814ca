"""A batch encoded in chunks has the losses and gradients of the whole, and keeps less."""

import pytest
import torch
from torch.testing import assert_close

from pir_mm.models.retrievers import dual_encoder

TEXTS = (['a wide lake'], ['two planes', 'a runway and planes'], ['trees', 'a bay'])
SCENE = [0, 1, 0]


def trained(model, batch):
    """Losses and gradients of a step."""
    losses = model.loss(batch)
    model.zero_grad()
    sum(value for name, value in losses.items() if name.startswith('loss')).backward()
    gradients = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    return {name: value.detach() for name, value in losses.items()}, gradients


@pytest.mark.parametrize('chunk', [1, 2, 3])
def test_losses_and_gradients_are_those_of_the_whole_batch(build, batch, chunk):
    expected = trained(build(), batch(*TEXTS, scene=SCENE))
    found = trained(build(chunk=chunk), batch(*TEXTS, scene=SCENE))
    assert len(expected[1]) > 20
    assert_close(found, expected)


def test_the_backward_draws_the_same_dropout_again(build, batch, monkeypatch):
    model = build(chunk=2)
    model.text_encoder.train()
    torch.manual_seed(3)
    found = trained(model, batch(*TEXTS))
    monkeypatch.setattr(dual_encoder, 'checkpoint', lambda f, rows, use_reentrant: f(rows))
    torch.manual_seed(3)
    assert_close(found, trained(model, batch(*TEXTS)))
    torch.manual_seed(4)
    with pytest.raises(AssertionError):
        assert_close(found, trained(model, batch(*TEXTS)))


def kept_bytes(model, batch):
    """Bytes of all tensors that the forward keeps for the backward, weights apart."""
    weights = {p.untyped_storage().data_ptr() for p in model.parameters()}
    kept = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        losses = model.loss(batch)
    assert losses
    return sum(kept.values())


def test_activations_of_the_encoders_are_not_kept(build, batch):
    whole = kept_bytes(build(), batch(*TEXTS))
    assert kept_bytes(build(chunk=1), batch(*TEXTS)) < whole / 10


def test_batch_norm_in_training_is_refused(build, batch):
    model = build(chunk=2)
    model.train()
    with pytest.raises(ValueError, match='let image_encoder.backbone.*, a batch norm, see a chunk'):
        model.loss(batch(*TEXTS))


def test_evaluation_is_not_cut(build, batch, monkeypatch):
    model = build(chunk=1)
    monkeypatch.setattr(dual_encoder, 'checkpoint', None)
    with torch.no_grad():
        assert len(model.predict(batch(*TEXTS))) == 3


def test_a_chunk_has_at_least_one_row(build):
    with pytest.raises(ValueError, match='chunk must be at least 1, got 0'):
        build(chunk=0)
