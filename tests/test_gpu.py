"""What only a CUDA device can show; run wherever there is one."""

import os

import pytest
import torch
from torch.testing import assert_close

from pir_mm.apis.training import build_runner
from pir_mm.functional.recall import recall_from_embeddings
from tests.test_devices import CASES

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason='there is no CUDA device'),
]


def to_cuda(value):
    """The value, or what a tuple holds, on the device."""
    if isinstance(value, tuple):
        return type(value)(*map(to_cuda, value))
    return value.cuda() if isinstance(value, torch.Tensor) else value


@pytest.mark.parametrize('name', CASES)
def test_the_mathematics_is_the_same_there(name):
    function, *given = CASES[name]
    result = function(*map(to_cuda, given))
    assert_close(result, function(*given), rtol=1e-3, atol=1e-3, check_device=False)


def test_recall_is_the_same_there():
    image, text = torch.randn(50, 8), torch.randn(150, 8)
    image_of_text = torch.arange(150) % 50
    there = recall_from_embeddings(image.cuda(), text.cuda(), image_of_text.cuda())
    assert there == pytest.approx(recall_from_embeddings(image, text, image_of_text), abs=0.7)


@pytest.fixture
def bf16_demo(tiny_demo):
    tiny_demo.optim_wrapper.type = 'pir_mm.Bf16OptimWrapper'
    tiny_demo.optim_wrapper.pop('clip_grad', None)  # mmengine logs its norm at each step
    return tiny_demo


def test_a_step_waits_for_nothing(bf16_demo):
    runner = build_runner(bf16_demo)
    runner.call_hook('before_run')
    loader = runner.build_dataloader(bf16_demo.train_dataloader)
    runner._train_loop = runner.build_train_loop(bf16_demo.train_cfg)
    runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    runner.call_hook('before_train')
    loader.collate_fn = runner.train_dataloader.collate_fn
    batch = next(iter(loader)).pin_memory()
    runner.model.train()
    runner.model.train_step(batch, runner.optim_wrapper)  # allocates, chooses kernels
    torch.cuda.set_sync_debug_mode('error')
    try:
        losses = runner.model.train_step(batch, runner.optim_wrapper)
    finally:
        torch.cuda.set_sync_debug_mode('default')
    assert losses['loss'].isfinite()


def test_trains_and_evaluates_in_bf16(bf16_demo):
    runner = build_runner(bf16_demo)
    runner.train()
    assert runner.test()['mR'] >= 0


def test_trains_with_one_rank_of_nccl(bf16_demo, monkeypatch):
    where = {'RANK': '0', 'LOCAL_RANK': '0', 'WORLD_SIZE': '1', 'MASTER_ADDR': '127.0.0.1'}
    for name, value in (where | {'MASTER_PORT': os.environ.get('MASTER_PORT', '29531')}).items():
        monkeypatch.setenv(name, value)
    bf16_demo.launcher = 'pytorch'
    try:
        runner = build_runner(bf16_demo)
        assert torch.distributed.get_backend() == 'nccl'
        runner.train()
    finally:
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
