"""What the switches of training do to a config, with and without a GPU."""

import pytest
import torch
from mmengine.config import Config

from pir_mm.apis.training import adapt_training, running


@pytest.fixture(params=[False, True], ids=['cpu', 'gpu'])
def has_gpu(request, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: request.param)
    return request.param


def config(kind='OptimWrapper'):
    loader = {'batch_size': 2, 'num_workers': 1}
    wrapper = {'type': kind, 'dtype': 'float16', 'loss_scale': 'dynamic'}
    return Config({'optim_wrapper': wrapper, 'train_dataloader': loader, 'val_dataloader': loader})


@pytest.mark.parametrize('kind', ['OptimWrapper', 'pir_mm.Bf16OptimWrapper', 'AmpOptimWrapper'])
@pytest.mark.parametrize('amp', [None, 'on', 'off'])
def test_a_gpu_trains_in_bf16_unless_told_otherwise(has_gpu, kind, amp):
    given = config(kind)
    adapt_training(given, amp=amp)
    chosen = {None: 'pir_mm.Bf16OptimWrapper' if has_gpu else kind, 'off': 'OptimWrapper'}
    assert given.optim_wrapper.type == chosen.get(amp, 'pir_mm.Bf16OptimWrapper')
    left = amp is None and not has_gpu
    assert ('dtype' in given.optim_wrapper) == ('loss_scale' in given.optim_wrapper) == left


def test_copies_are_from_pinned_memory_on_a_gpu(has_gpu):
    given = config()
    adapt_training(given)
    assert given.train_dataloader.pin_memory == given.val_dataloader.pin_memory == has_gpu


@pytest.mark.parametrize('environment', [{}, {'env_cfg': {'cudnn_benchmark': False}}])
def test_a_gpu_multiplies_in_tf32_and_tries_kernels(monkeypatch, environment):
    precision = torch.get_float32_matmul_precision()
    monkeypatch.setattr(torch.backends.cudnn, 'allow_tf32', False)
    try:
        given = Config(environment)
        running._be_fast_on_a_gpu(given)
        assert torch.get_float32_matmul_precision() == 'high'
        assert torch.backends.cudnn.allow_tf32
        assert given.env_cfg.cudnn_benchmark == (not environment)  # a config may say no
    finally:
        torch.set_float32_matmul_precision(precision)


@pytest.mark.parametrize('randomness', [{}, {'randomness': {'seed': None, 'deterministic': True}}])
def test_a_resumed_run_takes_the_seed_of_its_checkpoint(tmp_path, randomness):
    torch.save({'meta': {'seed': 41}, 'state_dict': {}}, tmp_path / 'epoch_1.pth')
    (tmp_path / 'last_checkpoint').write_text('epoch_1.pth')
    given = Config({'work_dir': str(tmp_path), **randomness})
    assert running._checkpoint_to_resume(given) == str(tmp_path / 'epoch_1.pth')
    assert given.randomness.seed == 41
    assert ('deterministic' in given.randomness) == bool(randomness)
    own = Config({'work_dir': str(tmp_path), 'randomness': {'seed': 3}})
    running._checkpoint_to_resume(own)
    assert own.randomness.seed == 3
    assert running._checkpoint_to_resume(Config({'work_dir': str(tmp_path / 'new')})) is None
