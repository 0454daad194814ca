"""bfloat16 where it is fast, float32 where it is emulated."""

import pytest
import torch
from torch import nn

from pir_mm.engine import bf16_optim_wrapper
from pir_mm.registry import OPTIM_WRAPPERS


def build(model):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    return OPTIM_WRAPPERS.build(dict(type='pir_mm.Bf16OptimWrapper', optimizer=optimizer))


@pytest.fixture
def bf16(monkeypatch):
    """Say whether the CPU has bfloat16 arithmetic."""

    def say(has_it):
        monkeypatch.setattr(bf16_optim_wrapper, 'cpu_multiplies_bf16', lambda: has_it)

    return say


def test_multiplies_in_bfloat16_but_keeps_weights_in_float32(bf16):
    bf16(True)
    model = nn.Linear(4, 3)
    wrapper = build(model)
    with wrapper.optim_context(model):
        output = model(torch.ones(2, 4))
    assert output.dtype == torch.bfloat16
    before = model.weight.detach().clone()
    wrapper.update_params(output.float().sum())
    assert model.weight.dtype == torch.float32
    torch.testing.assert_close(model.weight, before - 0.5 * 2)


def test_stays_in_float32_where_bfloat16_is_emulated_and_says_so_once(bf16, monkeypatch):
    bf16(False)
    said = []
    monkeypatch.setattr(bf16_optim_wrapper, 'print_log', lambda *line: said.append(line[0]))
    monkeypatch.setattr(bf16_optim_wrapper.Bf16OptimWrapper, '_warned', False)
    model = nn.Linear(4, 3)
    for _ in range(2):
        with build(model).optim_context(model):
            assert model(torch.ones(2, 4)).dtype == torch.float32
    assert said == ['this CPU has no bfloat16 arithmetic: training in float32']


def test_leaves_autocast_behind(bf16):
    bf16(True)
    model = nn.Linear(4, 3)
    with build(model).optim_context(model):
        pass
    assert model(torch.ones(2, 4)).dtype == torch.float32


@pytest.mark.parametrize('avx512', [True, False])
@pytest.mark.parametrize('amx', [True, False])
def test_either_extension_of_x86_is_enough(monkeypatch, avx512, amx):
    monkeypatch.setattr(bf16_optim_wrapper.platform, 'machine', lambda: 'x86_64')
    monkeypatch.setattr(torch.cpu, '_is_avx512_bf16_supported', lambda: avx512, raising=False)
    monkeypatch.setattr(torch.cpu, '_is_amx_tile_supported', lambda: amx, raising=False)
    assert bf16_optim_wrapper.cpu_multiplies_bf16() == (avx512 or amx)
