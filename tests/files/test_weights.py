"""Weight files of unknown origin: read with no code run, compared, loaded whole or refused."""

import argparse
import hashlib
import json
import os
import pathlib
import pickle
import random
import sys
import types

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from safetensors.torch import save_file
from torch import nn

from pir_mm.files.weights import (
    TRUST,
    WRAPPERS,
    read_checkpoint,
    read_content,
    read_weight_file,
    read_weights,
    under_prefix,
)

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
    with pytest.raises(
        ValueError, match='text.pth cannot be read .* damaged, or not a file of torch'
    ):
        read_content(tmp_path / 'text.pth')
    torch.save(nn.Linear(2, 2), tmp_path / 'module.pth')
    with pytest.raises(ValueError, match='it holds torch.nn.*Linear, .* save its tensors alone'):
        read_content(tmp_path / 'module.pth')
    torch.jit.script(nn.Linear(2, 2)).save(tmp_path / 'program.pt')
    with pytest.raises(ValueError, match='a program of TorchScript; save its tensors alone'):
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
def test_a_file_to_convert_says_what_is_wrong(saved, content, message):
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


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), 'w'))


def test_reads_tensors_and_plain_values(tmp_path):
    torch.save({'state_dict': {'a': torch.ones(2)}, 'meta': {'epoch': 3}}, tmp_path / 'a.pth')
    checkpoint = read_checkpoint(tmp_path / 'a.pth')
    assert checkpoint['meta'] == {'epoch': 3}
    torch.testing.assert_close(checkpoint['state_dict']['a'], torch.ones(2))


def test_never_unpickles(tmp_path):
    torch.save({'state_dict': {}, 'x': Trap(tmp_path / 'sprung')}, tmp_path / 'a.pth')
    with pytest.raises(
        ValueError, match='holds io.open, .* any code; set PIR_MM_TRUST_CHECKPOINT=1'
    ):
        read_checkpoint(tmp_path / 'a.pth')
    assert not (tmp_path / 'sprung').exists()


@pytest.mark.parametrize('content', [b'', b'not a checkpoint', pickle.dumps([1, 2])])
def test_says_that_a_damaged_file_is_none(tmp_path, content):
    (tmp_path / 'a.pth').write_bytes(content)
    with pytest.raises(ValueError, match=r'a\.pth'):
        read_checkpoint(tmp_path / 'a.pth')


def test_whatever_damage_raises_is_one_sentence(tmp_path):
    path = tmp_path / 'old.pth'
    torch.save({'state_dict': {'a': torch.ones(3)}}, path, _use_new_zipfile_serialization=False)
    whole = path.read_bytes()
    generator = random.Random(0)
    refused = 0
    for _ in range(100):
        place = generator.randrange(len(whole))
        path.write_bytes(whole[:place] + bytes([generator.randrange(256)]) + whole[place + 1 :])
        try:
            read_checkpoint(path)
        except ValueError as error:
            refused += str(path) in str(error)
    assert refused > 50


def test_says_that_a_file_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere.pth does not exist'):
        read_checkpoint(tmp_path / 'nowhere.pth')


def test_a_trusted_checkpoint_is_unpickled(tmp_path, monkeypatch):
    torch.save({'state_dict': {}, 'x': Trap(tmp_path / 'sprung')}, tmp_path / 'a.pth')
    monkeypatch.setenv('PIR_MM_TRUST_CHECKPOINT', '1')
    assert list(read_checkpoint(tmp_path / 'a.pth')) == ['state_dict', 'x']
    assert (tmp_path / 'sprung').exists()


def test_a_checkpoint_loses_nothing(tmp_path):
    """What a conversion may skip, such as curves of the log, a resumed run would miss."""
    history = HistoryBuffer([1.0], [1])
    torch.save({'state_dict': {}, 'log': {'loss': history}}, tmp_path / 'a.pth')
    assert 'log' in read_content(tmp_path / 'a.pth')
    with pytest.raises(ValueError, match='any code; set PIR_MM_TRUST_CHECKPOINT=1'):
        read_checkpoint(tmp_path / 'a.pth')


TENSORS = {'a.weight': torch.ones(2), 'a.bias': torch.zeros(1), 'b': torch.ones(1)}


@pytest.mark.parametrize(
    'wrap',
    [
        '{}',
        'module.{}',
        '_orig_mod.{}',
        'module._orig_mod.{}',
        '_orig_mod.module.{}',
        'module.module.{}',
    ],
)
@pytest.mark.parametrize('key', [None, *WRAPPERS])
def test_names_are_those_of_the_model_whatever_wrapped_it(tmp_path, wrap, key):
    named = {wrap.format(name): value for name, value in TENSORS.items()}
    torch.save(named if key is None else {key: named, 'epoch': 3}, tmp_path / 'a.pth')
    assert read_weights(tmp_path / 'a.pth').keys() == TENSORS.keys()
    assert read_weight_file(tmp_path / 'a.pth').weights.keys() == TENSORS.keys()


@pytest.mark.parametrize('keys', [('state_dict', 'model'), ('model', 'state_dict')])
def test_a_wrapper_may_hold_another(tmp_path, keys):
    torch.save({keys[0]: {keys[1]: TENSORS, 'epoch': 1}}, tmp_path / 'a.pth')
    assert read_weights(tmp_path / 'a.pth').keys() == TENSORS.keys()


def test_a_compiled_part_is_found_too_and_nothing_is_taken_twice(tmp_path):
    save = {'encoder._orig_mod.weight': torch.ones(1), 'module.x': torch.ones(1)}
    torch.save(save, tmp_path / 'a.pth')
    assert set(read_weights(tmp_path / 'a.pth')) == {'encoder.weight', 'module.x'}
    torch.save({'_orig_mod.x': torch.ones(1), 'x': torch.ones(1)}, tmp_path / 'b.pth')
    with pytest.raises(ValueError, match='b.pth holds tensors twice, with and without'):
        read_weights(tmp_path / 'b.pth')


@pytest.mark.parametrize('name', ['a.safetensors', 'a.pth', 'a.bin'])
def test_safetensors_are_known_by_their_content(tmp_path, name):
    save_file(TENSORS, tmp_path / name)
    assert read_weights(tmp_path / name).keys() == TENSORS.keys()
    torch.save(TENSORS, tmp_path / 'torch.safetensors')
    assert read_weights(tmp_path / 'torch.safetensors').keys() == TENSORS.keys()


def shards(folder, ending='safetensors'):
    save = save_file if ending == 'safetensors' else torch.save
    pairs = list(TENSORS.items())
    parts = {f'model-{n}-of-2.{ending}': dict(pairs[2 * n - 2 : 2 * n]) for n in (1, 2)}
    for name, part in parts.items():
        save(part, folder / name)
    places = {tensor: name for name, part in parts.items() for tensor in part}
    return folder / f'model.{ending}.index.json', places


@pytest.mark.parametrize('ending', ['safetensors', 'bin'])
def test_a_set_of_files_is_one_file(tmp_path, ending):
    index, places = shards(tmp_path, ending)
    index.write_text(json.dumps({'metadata': {}, 'weight_map': places}))
    read = read_weights(index)
    assert read.keys() == TENSORS.keys()
    assert all(torch.equal(read[name], TENSORS[name]) for name in read)


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        ({'b': 'gone.safetensors'}, 'weight file .*gone.safetensors does not exist'),
        ({'b': '../model-2-of-2.safetensors'}, "names '../model-2-of-2.safetensors', which is no"),
        ({'b': '/etc/passwd'}, "names '/etc/passwd', which is no file beside it"),
        ({'b': 3}, 'is no index|names 3, which is no file beside it'),
        ({'c': 'model-2-of-2.safetensors'}, 'model-2-of-2.safetensors lacks c, which model.safe'),
    ],
)
def test_a_set_of_files_that_does_not_fit_is_refused(tmp_path, change, reason):
    index, places = shards(tmp_path)
    index.write_text(json.dumps({'weight_map': places | change}))
    with pytest.raises((ValueError, FileNotFoundError), match=reason):
        read_weights(index)
    index.write_text('[1]')
    with pytest.raises(ValueError, match='is no index of weight files'):
        read_weights(index)


POINTER = b'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n'


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        (b'', 'it is empty: download it again'),
        (
            POINTER,
            'it is a pointer of Git LFS to the file: fetch the file itself by `git lfs pull`',
        ),
        (b'<!DOCTYPE html><p>Sign in</p>', 'it is a web page, as a failed download leaves it'),
        (b'\n <html>', 'it is a web page'),
        (b'<?xml version="1.0"?><Error>', 'it is a web page'),
        (b'{"error": "not found"}', 'it is a text in JSON'),
        (b'\x1f\x8b\x08\0\0', 'it is compressed: unpack it'),
        (b'hello', 'it is damaged, or not a file of torch'),
    ],
)
@pytest.mark.parametrize('name', ['a.pth', 'a.safetensors'])
@pytest.mark.parametrize('trusted', ['0', '1'])
def test_what_is_no_weight_file_is_named_and_never_to_be_trusted(
    tmp_path, monkeypatch, name, content, reason, trusted
):
    monkeypatch.setenv(TRUST, trusted)
    (tmp_path / name).write_bytes(content)
    for read in (read_weights, read_checkpoint, read_weight_file):
        with pytest.raises(ValueError, match='cannot be read as weights: ') as error:
            read(tmp_path / name)
        assert 'trust' not in str(error.value)
        if name == 'a.pth' or content != b'hello':
            assert reason in str(error.value)


def test_a_folder_is_named(tmp_path):
    with pytest.raises(ValueError, match='is a folder: give the weight file in it'):
        read_weights(tmp_path)
