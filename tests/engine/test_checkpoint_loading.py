import pickle
import random

import pytest
import torch
from torch import nn

from pir_mm.engine import load_weights, read_checkpoint


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
    with pytest.raises(ValueError, match='unpickled.*PIR_MM_TRUST_CHECKPOINT'):
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


def test_loads_every_tensor_and_drops_the_prefix_of_ddp(tmp_path):
    source, target = nn.Linear(3, 2), nn.Linear(3, 2)
    state = {f'module.{name}': value for name, value in source.state_dict().items()}
    torch.save({'state_dict': state, 'meta': {}}, tmp_path / 'a.pth')
    load_weights(target, tmp_path / 'a.pth')
    torch.testing.assert_close(target.weight, source.weight)
    torch.testing.assert_close(target.bias, source.bias)


@pytest.mark.parametrize(
    ('other', 'counts'),
    [
        (nn.Linear(3, 2, bias=False), '1 of its 2 tensors'),
        (nn.Linear(4, 2), '1 of its 2 tensors'),
        (nn.Sequential(nn.Linear(3, 2)), '0 of its 2 tensors'),
    ],
)
def test_refuses_the_weights_of_another_model_whole(tmp_path, other, counts):
    torch.save(other.state_dict(), tmp_path / 'a.pth')
    model = nn.Linear(3, 2)
    before = model.weight.detach().clone()
    with pytest.raises(ValueError, match=counts):
        load_weights(model, tmp_path / 'a.pth')
    torch.testing.assert_close(model.weight, before)
