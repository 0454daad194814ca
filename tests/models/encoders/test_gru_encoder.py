"""Texts to a pooled vector and tokens, by a GRU."""

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close

IDS = torch.tensor([[2, 7, 8, 9, 3], [2, 7, 3, 0, 0]])
MASK = IDS != 0
SIZES = dict(dim=6, vocab_size=20, word_size=4, hidden_size=5)


def build(**settings):
    torch.manual_seed(0)
    return MODELS.build(dict(type='pir_mm.GRUEncoder', **{**SIZES, **settings})).eval()


def read(encoder, ids, reverse):
    """States of one direction, word by word, by the equations of Cho et al. 2014."""
    names = ('weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0', 'bias_hh_l0')
    ending = '_reverse' if reverse else ''
    w, u, b, c = (getattr(encoder.gru, name + ending) for name in names)
    state, states = torch.zeros(u.size(1)), []
    for word in encoder.words(ids.flip(0) if reverse else ids):
        (r, z, n), (hr, hz, hn) = (w @ word + b).chunk(3), (u @ state + c).chunk(3)
        update = torch.sigmoid(z + hz)
        state = (1 - update) * torch.tanh(n + torch.sigmoid(r + hr) * hn) + update * state
        states.append(state)
    return torch.stack(states[::-1] if reverse else states), state


@pytest.mark.parametrize('ids', [IDS[0], IDS[1, :3], IDS[0, :1]])
def test_averages_both_directions(ids):
    encoder = build()
    (forth, end), (back, start) = read(encoder, ids, False), read(encoder, ids, True)
    pooled, tokens = encoder(ids[None], ids[None] != 0)
    assert_close(tokens[0], encoder.projection((forth + back) / 2))
    assert_close(pooled[0], encoder.projection((end + start) / 2))


@pytest.mark.parametrize('layers', [1, 2])
@pytest.mark.parametrize('width', [5, 9])
def test_a_text_does_not_depend_on_its_batch(width, layers):
    encoder = build(layers=layers)
    ids = torch.nn.functional.pad(IDS, (0, width - 5))
    pooled, tokens = encoder(ids, ids != 0)
    alone, alone_tokens = encoder(IDS[1:, :3], MASK[1:, :3])
    assert tokens.shape == (2, width, 6)
    assert_close(pooled[1:], alone)
    assert_close(tokens[1:, :3], alone_tokens)


def test_the_order_of_words_matters():
    encoder = build()
    swapped = IDS[:1, [0, 2, 1, 3, 4]]
    assert not torch.allclose(encoder(swapped, MASK[:1])[0], encoder(IDS, MASK)[0][:1], atol=1e-4)


@pytest.mark.parametrize('length', [0, 4])
def test_no_texts_give_no_vectors(length):
    pooled, tokens = build()(torch.zeros(0, length).long(), torch.zeros(0, length).bool())
    assert pooled.shape == (0, 6)
    assert tokens.shape == (0, length, 6)


def test_a_text_without_a_token_has_a_vector():
    pooled, _ = build()(IDS, MASK & torch.tensor([[True], [False]]))
    assert torch.isfinite(pooled).all()


def test_drops_words_in_training_only():
    encoder = build(dropout=0.5)
    assert_close(encoder(IDS, MASK), encoder(IDS, MASK))
    encoder.train()
    assert not torch.allclose(encoder(IDS, MASK)[0], encoder(IDS, MASK)[0])


def test_trains_everything_and_nothing_from_padding():
    encoder = build(layers=2)
    pooled, _ = encoder(IDS, MASK)
    pooled.square().sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in encoder.parameters())
    assert encoder.words.weight.grad[0].abs().max() == 0


def test_sizes():
    """With a ResNet-50 and its projection these are the paper's 29 million."""
    with torch.device('meta'):
        encoder = MODELS.build(dict(type='pir_mm.GRUEncoder'))
    assert sum(p.numel() for p in encoder.parameters()) == 3_963_264
    assert build().words.weight.abs().max() <= 0.1
