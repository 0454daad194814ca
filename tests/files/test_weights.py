"""Weight files of unknown origin are read with nothing of Python run."""

import argparse
import os
import pathlib
import random
import sys
import types

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from torch import nn

from pir_mm.files.weights import read_content

WEIGHTS = {'weight': torch.ones(2, 3), 'bias': torch.zeros(2)}


class Evil:
    """Creates a folder when unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def settings_class(monkeypatch, module, name):
    """A dict of a library that is not installed, as far as files of it go."""
    fake = types.ModuleType(module)
    setattr(fake, name, type(name, (dict,), {'__module__': module}))
    monkeypatch.setitem(sys.modules, module, fake)
    monkeypatch.setitem(sys.modules, module.split('.')[0], fake)
    return getattr(fake, name)


@pytest.mark.parametrize(('module', 'name'), [('yacs.config', 'CfgNode'), ('easydict', 'EasyDict')])
def test_settings_of_training_code_are_read_as_plain_mappings(tmp_path, monkeypatch, module, name):
    node = settings_class(monkeypatch, module, name)
    settings = node(lr=0.1, inner=node(depth=50))
    settings.__dict__['frozen'] = True
    torch.save(dict(model=WEIGHTS, config=settings), tmp_path / 'w.pth')
    content = read_content(tmp_path / 'w.pth')
    assert content['config'] == {'lr': 0.1, 'inner': {'depth': 50}}
    assert content['model'].keys() == WEIGHTS.keys()


def test_statistics_of_training_code_are_no_hindrance(tmp_path):
    history = HistoryBuffer()
    history.update(1.0)
    beside = dict(
        args=argparse.Namespace(depth=50, out=pathlib.Path('out')),
        history={'loss': history},
        best=np.float64(0.5),
        curve=np.zeros(3),
        torch=torch.__version__,
        epoch=3,
    )
    torch.save(dict(model=WEIGHTS, **beside), tmp_path / 'w.pth')
    content = read_content(tmp_path / 'w.pth')
    assert content.keys() == {'model', *beside}
    assert content['epoch'] == 3
    for name in WEIGHTS:
        assert torch.equal(content['model'][name], WEIGHTS[name])


@pytest.mark.parametrize('zipped', [True, False])
def test_runs_nothing_that_a_file_asks_for(tmp_path, zipped):
    content = dict(state_dict=WEIGHTS, evil=Evil(tmp_path / 'made'))
    torch.save(content, tmp_path / 'w.pth', _use_new_zipfile_serialization=zipped)
    with pytest.raises(ValueError, match='read as weights: it holds posix.mkdir, .* shred it$'):
        read_content(tmp_path / 'w.pth', advice='shred it')
    assert not (tmp_path / 'made').exists()


def test_says_what_is_wrong_with_a_file(tmp_path):
    with pytest.raises(FileNotFoundError, match='none.pth does not exist'):
        read_content(tmp_path / 'none.pth')
    (tmp_path / 'text.pth').write_text('Not Found')
    with pytest.raises(ValueError, match='text.pth cannot be read .* damaged, or no file of torch'):
        read_content(tmp_path / 'text.pth')
    torch.save(nn.Linear(2, 2), tmp_path / 'module.pth')
    with pytest.raises(ValueError, match='it holds torch.nn.*Linear, .* save its tensors alone'):
        read_content(tmp_path / 'module.pth')
    torch.jit.script(nn.Linear(2, 2)).save(tmp_path / 'program.pt')
    with pytest.raises(ValueError, match='a program of TorchScript; save its state_dict'):
        read_content(tmp_path / 'program.pt')
    (tmp_path / 'cut.safetensors').write_bytes(b'\x10')
    with pytest.raises(ValueError, match='cut.safetensors cannot be read as weights'):
        read_content(tmp_path / 'cut.safetensors')


@pytest.mark.filterwarnings('ignore:Detected pickle protocol')
@pytest.mark.parametrize('zipped', [True, False])
def test_damage_of_any_kind_is_told_in_one_way(tmp_path, zipped):
    """Whatever a byte more, less or other does inside of torch."""
    torch.save(
        dict(model=WEIGHTS, epoch=3), tmp_path / 'w.pth', _use_new_zipfile_serialization=zipped
    )
    whole, dice = (tmp_path / 'w.pth').read_bytes(), random.Random(0)
    refused = 0
    for _ in range(300):
        cut = bytearray(whole[: dice.choice([dice.randrange(len(whole)), len(whole)])])
        for _ in range(dice.randrange(4)):
            if cut:
                cut[dice.randrange(len(cut))] = dice.randrange(256)
        (tmp_path / 'cut.pth').write_bytes(cut)
        try:
            read_content(tmp_path / 'cut.pth')
        except ValueError as error:
            assert 'cut.pth cannot be read as weights: ' in str(error)
            refused += 1
    assert refused > 150
