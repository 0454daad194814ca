"""Pretrained weights are loaded whole or refused."""

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.testing import assert_close

from pir_mm.files.weights import load_whole, read_weights, under_prefix

WEIGHTS = {'weight': torch.ones(2, 3), 'bias': torch.zeros(2)}


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[n], second[n]) for n in first)


@pytest.mark.parametrize(
    'content',
    [WEIGHTS, {'state_dict': WEIGHTS, 'epoch': 3}, {'model': WEIGHTS, 'config': {'a': 1}}],
)
def test_reads_tensors_wherever_they_lie(tmp_path, content):
    torch.save(content, tmp_path / 'w.pth')
    assert same(read_weights(tmp_path / 'w.pth'), WEIGHTS)


def test_reads_safetensors(tmp_path):
    save_file(WEIGHTS, tmp_path / 'w.safetensors')
    assert same(read_weights(tmp_path / 'w.safetensors'), WEIGHTS)


def test_wants_named_tensors(tmp_path):
    torch.save({'epoch': 3}, tmp_path / 'empty.pth')
    with pytest.raises(ValueError, match='empty.pth holds no named tensors'):
        read_weights(tmp_path / 'empty.pth')


def test_takes_what_lies_below_a_prefix_if_anything_does():
    weights = {'backbone.a': WEIGHTS['bias'], 'head.b': WEIGHTS['bias']}
    assert list(under_prefix(weights, 'backbone.')) == ['a']
    assert under_prefix(WEIGHTS, 'backbone.') == {}


def test_loads_every_tensor():
    linear = nn.Linear(3, 2)
    load_whole(linear, {**WEIGHTS, 'head.x': torch.ones(1)}, 'f.pth', 'part', surplus=['head.*'])
    assert_close(linear.weight, torch.ones(2, 3))
    assert_close(linear.bias, torch.zeros(2))


@pytest.mark.parametrize(
    ('weights', 'reason'),
    [
        (
            {'weight': torch.ones(2, 3)},
            '1 of its 2 tensors are there; .* shape: bias; left over: none',
        ),
        ({**WEIGHTS, 'scale': torch.ones(1)}, '2 of its 2 tensors .* none; left over: scale'),
        ({**WEIGHTS, 'bias': torch.ones(5)}, '1 of its 2 tensors .* bias .*torch.Size'),
        ({str(i): torch.ones(1) for i in range(5)}, '0 of its 2 .* left over: 0, 1, 2 and 2 more'),
    ],
)
def test_refuses_all_but_the_whole(weights, reason):
    with pytest.raises(ValueError, match=f'f.pth does not fit text_encoder: {reason}') as caught:
        load_whole(nn.Linear(3, 2), weights, 'f.pth', 'text_encoder')
    assert '--cfg-options model.text_encoder.init=random' in str(caught.value)
    assert '\n' not in str(caught.value)


def test_what_a_module_computes_may_be_missing():
    load_whole(nn.Linear(3, 2), {'weight': torch.ones(2, 3)}, 'f', 'part', optional=['bias'])
