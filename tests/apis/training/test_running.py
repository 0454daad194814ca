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


@pytest.fixture
def work_dir(tmp_path):
    torch.save({'meta': {'seed': 41}, 'state_dict': {}}, tmp_path / 'epoch_1.pth')
    (tmp_path / 'last_checkpoint').write_text('epoch_1.pth')
    return tmp_path


@pytest.mark.parametrize('randomness', [{}, {'randomness': {'seed': None, 'deterministic': True}}])
def test_a_resumed_run_takes_the_seed_of_its_checkpoint(work_dir, randomness):
    given = Config({'work_dir': str(work_dir), **randomness})
    running._go_on(given, None)
    assert given.resume and given.load_from == str(work_dir / 'epoch_1.pth')
    assert given.randomness.seed == 41
    assert ('deterministic' in given.randomness) == bool(randomness)
    own = Config({'work_dir': str(work_dir), 'randomness': {'seed': 3}})
    running._go_on(own, None)
    assert own.randomness.seed == 3


class StartedError(Exception):
    pass


@pytest.mark.parametrize(
    ('options', 'resume', 'has_begun', 'expected'),
    [
        ({}, None, True, (False, None)),
        ({}, 'auto', True, (True, 'last')),
        ({}, 'auto', False, (False, None)),
        ({}, 'given', True, (True, 'given')),
        ({'load_from': 'start'}, None, True, (False, 'start')),
        ({'load_from': 'start'}, 'auto', True, (True, 'last')),
        ({'load_from': 'start'}, 'auto', False, (False, 'start')),
        ({'load_from': 'start'}, 'given', False, (True, 'given')),
        ({'load_from': 'start', 'resume': True}, None, True, (True, 'start')),
        ({'resume': True}, None, True, (True, 'last')),
        ({'resume': True}, None, False, (False, None)),
    ],
)
def test_a_run_begins_where_it_was_left_or_as_its_config_says(
    work_dir, monkeypatch, options, resume, has_begun, expected
):
    def stop(config):
        raise StartedError

    monkeypatch.setattr(running, 'build_runner', stop)
    files = {'last': work_dir / 'epoch_1.pth', 'start': work_dir / 'start.pth'}
    files['given'] = work_dir / 'given.pth'
    for name in ('start', 'given'):
        torch.save({'meta': {}, 'state_dict': {}}, files[name])
    if not has_begun:
        (work_dir / 'last_checkpoint').unlink()
    options = {k: str(files[v]) if k == 'load_from' else v for k, v in options.items()}
    given = Config({'work_dir': str(work_dir), 'load_from': None, 'resume': False, **options})
    with pytest.raises(StartedError):
        running.train(given, resume=str(files[resume]) if resume == 'given' else resume)
    is_resumed, start = expected
    assert given.resume == is_resumed
    assert given.load_from == (start and str(files[start]))
