"""A checkpoint is loaded whole or refused."""

import pytest
import torch
from torch import nn

from pir_mm.engine import load_weights


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
