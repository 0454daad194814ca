import torch
from torch import nn

from pir_mm.registry import OPTIM_WRAPPERS


def build(model):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    return OPTIM_WRAPPERS.build(dict(type='pir_mm.Bf16OptimWrapper', optimizer=optimizer))


def test_multiplies_in_bfloat16_but_keeps_weights_in_float32():
    model = nn.Linear(4, 3)
    wrapper = build(model)
    with wrapper.optim_context(model):
        output = model(torch.ones(2, 4))
    assert output.dtype == torch.bfloat16
    before = model.weight.detach().clone()
    wrapper.update_params(output.float().sum())
    assert model.weight.dtype == torch.float32
    torch.testing.assert_close(model.weight, before - 0.5 * 2)


def test_leaves_autocast_behind():
    model = nn.Linear(4, 3)
    with build(model).optim_context(model):
        pass
    assert model(torch.ones(2, 4)).dtype == torch.float32
