"""What a result says of itself."""

import subprocess

import torch
from mmengine.config import Config
from safetensors.torch import save_file

from pir_mm.apis.tables import provenance


def config(**changes):
    base = {
        'model': {'part': {'init': 'random'}, 'other': None},
        'randomness': {'seed': 0},
        'work_dir': 'a',
        'lr': 0.1,
    }
    return Config(base | changes)


def test_a_config_is_known_without_its_seed_and_places():
    known = provenance.config_digest(config())
    assert provenance.config_digest(config(randomness={'seed': 5}, work_dir='b')) == known
    assert provenance.config_digest(config(lr=0.2)) != known
    assert provenance.config_digest(config(load_from=None)) == known
    assert provenance.config_digest(config(load_from='a.pth')) != known


def test_data_are_known_by_their_bytes_and_weights_by_their_tensors(tmp_path):
    captions, weights = tmp_path / 'captions.json', tmp_path / 'w.pth'
    captions.write_text('{}')
    torch.save(
        {'state_dict': {'w': torch.ones(2), 'version': 1}, 'meta': {'time': '9:00'}}, weights
    )
    loader = {'dataset': {'data_root': str(tmp_path)}}
    given = config(
        test_dataloader=loader, model={'part': {'init': str(weights)}, 'b': {'init': 'random'}}
    )
    data, digests = provenance.data_digest(given), provenance.weight_digests(given)
    assert list(digests) == [str(weights)]
    torch.save({'state_dict': {'w': torch.ones(2)}, 'meta': {'time': '10:00'}}, weights)
    assert provenance.weight_digests(given) == digests
    captions.write_text('{} ')
    torch.save({'state_dict': {'w': torch.zeros(2)}, 'meta': {'time': '9:00'}}, weights)
    assert provenance.data_digest(given) != data
    assert provenance.weight_digests(given) != digests
    whole = config(model={'init': str(weights), 'head': {}})
    assert list(provenance.weight_digests(whole)) == [str(weights)]
    assert list(provenance.weight_digests(config(load_from=str(weights)))) == [str(weights)]
    assert provenance.weight_digests(config()) == {}


def test_the_commit_tells_changed_files(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, 'CHECKOUT', tmp_path)
    assert provenance.commit() is None
    places = ('pir_mm/__init__.py', 'configs/pir/row.py', 'configs/pir/results/small.md')
    module, config, table = files = [tmp_path / place for place in places]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text('')
    author = ['-c', 'user.name=a', '-c', 'user.email=a@b']
    for arguments in (['init', '-q'], ['add', '.'], [*author, 'commit', '-qm', 'first']):
        subprocess.run(['git', '-C', str(tmp_path), *arguments], check=True)
    clean = provenance.commit()
    assert len(clean) == 12
    table.write_text('measured\n')
    assert provenance.commit() == clean
    for file in (module, config):
        file.write_text('changed = 1\n')
        assert provenance.commit() == clean + '+'
        file.write_text('')


def test_hardware_tells_the_threads_in_use():
    if not torch.cuda.is_available():
        assert f'{torch.get_num_threads()} of ' in provenance.hardware()


def test_weights_in_a_folder_count_too(tmp_path):
    """Sentence encoders are folders with a vocabulary beside the tensors."""
    save_file({'w': torch.ones(2)}, tmp_path / 'model.safetensors')
    given = Config(dict(model={'text_encoder': {'init': str(tmp_path)}}))
    digests = provenance.weight_digests(given)
    assert list(digests) == [str(tmp_path)]
    save_file({'w': torch.zeros(2)}, tmp_path / 'model.safetensors')
    assert provenance.weight_digests(given) != digests
