"""Weight files of unknown origin are read with nothing of Python run."""

import argparse
import hashlib
import os
import pickle

import pytest
import torch
from safetensors.torch import save_file

from pir_mm.files.weights import read_weight_file

WEIGHTS = {'weight': torch.ones(2, 3), 'bias': torch.zeros(2)}


class Evil:
    """Creates a folder when unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.fixture
def saved(tmp_path):
    def save(content):
        torch.save(content, tmp_path / 'w.pth')
        return tmp_path / 'w.pth'

    return save


@pytest.mark.parametrize(
    ('content', 'beside', 'settings'),
    [
        (WEIGHTS, [], {}),
        ({**WEIGHTS, 'epoch': 3}, ['epoch'], {}),
        ({'epoch': 3, 'state_dict': WEIGHTS}, ['epoch'], {}),
        ({'model': WEIGHTS, 'config': {'head': 2}}, ['config'], {'head': 2}),
        ({'state_dict': {f'module.{n}': w for n, w in WEIGHTS.items()}}, [], {}),
    ],
)
def test_finds_the_tensors_and_tells_what_is_beside(saved, content, beside, settings):
    path = saved(content)
    file = read_weight_file(path)
    assert file.weights.keys() == WEIGHTS.keys()
    assert all(torch.equal(file.weights[name], WEIGHTS[name]) for name in WEIGHTS)
    assert (file.beside, file.settings) == (beside, settings)
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_reads_safetensors_trusted_or_not(tmp_path):
    save_file(WEIGHTS, tmp_path / 'w.safetensors')
    for trust in (False, True):
        assert read_weight_file(tmp_path / 'w.safetensors', trust).weights.keys() == WEIGHTS.keys()
    (tmp_path / 'cut.safetensors').write_bytes(b'1234')
    with pytest.raises(ValueError, match='cut.safetensors cannot be read as weights') as error:
        read_weight_file(tmp_path / 'cut.safetensors')
    assert '--trust' not in str(error.value)


def test_harmless_objects_beside_the_weights_hide_nothing_else(saved):
    path = saved({'model': WEIGHTS, 'config': {'head': 2}, 'args': argparse.Namespace(lr=1)})
    file = read_weight_file(path)
    assert file.weights.keys() == WEIGHTS.keys()
    assert (file.settings, file.beside) == ({'head': 2}, ['config', 'args'])


def test_runs_nothing_unless_trusted(saved, tmp_path):
    path = saved({'model': WEIGHTS, 'config': Evil(tmp_path / 'made')})
    with pytest.raises(ValueError, match='holds posix.mkdir, .* --trust unpickles it, which runs'):
        read_weight_file(path)
    assert not (tmp_path / 'made').exists()
    assert read_weight_file(path, trust=True).settings == {}
    assert (tmp_path / 'made').is_dir()


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ({'model': {**WEIGHTS, 'step': 3}}, 'holds step among its tensors'),
        ({'model': {0: torch.ones(1)}}, 'holds 0 among its tensors'),
        ({'epoch': 3}, 'holds no tensors by name'),
        ([1, 2], 'holds a list, no tensors by name'),
    ],
)
def test_says_what_is_wrong_with_a_file(saved, content, message):
    with pytest.raises(ValueError, match=message):
        read_weight_file(saved(content))


@pytest.mark.parametrize('trust', [False, True])
def test_a_file_cut_off_is_refused(saved, trust):
    path = saved(WEIGHTS)
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(ValueError, match='w.pth cannot be read'):
        read_weight_file(path, trust)


def test_a_file_with_another_byte_is_refused(saved):
    path = saved({'weight': torch.full((999,), 1.25)})
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert torch.load(path)['weight'].unique().numel() == 2
    with pytest.raises(ValueError, match='w.pth is damaged: w/data/0 in it has another checksum'):
        read_weight_file(path)


def test_a_trusted_file_of_something_else(tmp_path):
    (tmp_path / 'w.pth').write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(ValueError, match='w.pth'):
        read_weight_file(tmp_path / 'w.pth', trust=True)
    with pytest.raises(FileNotFoundError, match='none.pth does not exist'):
        read_weight_file(tmp_path / 'none.pth')
