"""Weight files are read safely, and loaded whole or refused."""

import argparse
import os
import sys
import types

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from safetensors.torch import save_file
from torch import nn
from torch.testing import assert_close

from pir_mm.models.encoders.pretrained import below, load_whole, read_weights

WEIGHTS = {'weight': torch.ones(2, 3), 'bias': torch.zeros(2)}


class Evil:
    """Creates a folder when unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


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


def test_skips_what_training_code_leaves_beside_the_weights(tmp_path, monkeypatch):
    module = types.ModuleType('yacs.config')
    module.CfgNode = type('CfgNode', (dict,), {'__module__': 'yacs.config'})
    monkeypatch.setitem(sys.modules, 'yacs', types.ModuleType('yacs'))
    monkeypatch.setitem(sys.modules, 'yacs.config', module)
    settings = module.CfgNode(lr=0.1, inner=module.CfgNode(depth=50))
    settings.__dict__['frozen'] = True
    history = HistoryBuffer()
    history.update(1.0)
    content = dict(
        model=WEIGHTS,
        config=settings,
        args=argparse.Namespace(depth=50),
        history={'loss': history},
        best=np.float64(0.5),
    )
    torch.save(content, tmp_path / 'w.pth')
    assert same(read_weights(tmp_path / 'w.pth'), WEIGHTS)


@pytest.mark.parametrize('zipped', [True, False])
def test_runs_nothing_that_a_file_asks_for(tmp_path, zipped):
    content = dict(state_dict=WEIGHTS, evil=Evil(tmp_path / 'made'))
    torch.save(content, tmp_path / 'w.pth', _use_new_zipfile_serialization=zipped)
    with pytest.raises(ValueError, match='w.pth cannot be read as weights'):
        read_weights(tmp_path / 'w.pth')
    assert not (tmp_path / 'made').exists()


def test_says_what_is_wrong_with_a_file(tmp_path):
    with pytest.raises(FileNotFoundError, match='none.pth does not exist'):
        read_weights(tmp_path / 'none.pth')
    (tmp_path / 'text.pth').write_text('Not Found')
    with pytest.raises(ValueError, match='text.pth cannot be read as weights'):
        read_weights(tmp_path / 'text.pth')
    torch.save({'epoch': 3}, tmp_path / 'empty.pth')
    with pytest.raises(ValueError, match='empty.pth holds no named tensors'):
        read_weights(tmp_path / 'empty.pth')
    torch.save(WEIGHTS, tmp_path / 'whole.pth')
    (tmp_path / 'cut.pth').write_bytes((tmp_path / 'whole.pth').read_bytes()[:500])
    with pytest.raises(ValueError, match='cut.pth cannot be read as weights'):
        read_weights(tmp_path / 'cut.pth')
    (tmp_path / 'cut.safetensors').write_bytes(b'\x10')
    with pytest.raises(ValueError, match='cut.safetensors cannot be read as weights'):
        read_weights(tmp_path / 'cut.safetensors')


def test_takes_what_lies_below_a_prefix_if_anything_does():
    weights = {'backbone.a': WEIGHTS['bias'], 'head.b': WEIGHTS['bias']}
    assert list(below(weights, 'backbone.')) == ['a']
    assert list(below(WEIGHTS, 'backbone.')) == ['weight', 'bias']


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
