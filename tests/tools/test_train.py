"""Training, killing, resuming and testing by the commands, on generated scenes."""

import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
import torch

from tests.conftest import ROOT

CONFIG = ROOT / 'configs' / 'demo' / 'pir_itr_scenes.py'


@pytest.fixture
def run_tool(tool, tmp_path, monkeypatch):
    """Run a tool in this process and in an empty folder, each time under a new name."""
    monkeypatch.chdir(tmp_path)
    numbers = itertools.count()

    def run(name, *arguments, code=0):
        experiment = f'experiment_name={tmp_path.name}_{next(numbers)}'
        done = tool(name, *arguments, experiment)
        assert done.code == code, done.out[-3000:] + done.err[-3000:]
        return done

    return run


def weights(path):
    return torch.load(path, weights_only=True)['state_dict']


def reason(done):
    lines = [line for line in done.err.splitlines() if line.startswith('error: ')]
    assert len(lines) == 1 and 'Traceback' not in done.err, done.err[-2000:]
    return lines[0]


def command_environment():
    return os.environ | {'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1', 'PYTHON': sys.executable}


def test_a_run_killed_at_once_and_resumed_ends_in_the_same_weights(
    run_tool, tiny_options, tmp_path
):
    options = [*tiny_options, 'train_cfg.max_epochs=3', 'train_cfg.val_interval=1']
    command = [sys.executable, str(ROOT / 'tools' / 'train.py'), str(CONFIG)]
    process = subprocess.Popen(
        [*command, '--work-dir', 'cut', '--cfg-options', *options],
        cwd=tmp_path,
        env=command_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 200
    while not (tmp_path / 'cut' / 'last_checkpoint').exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / 'cut' / 'epoch_3.pth').exists()

    run_tool('train', CONFIG, '--work-dir', 'whole', '--cfg-options', *options)
    run_tool('train', CONFIG, '--work-dir', 'cut', '--resume', '--cfg-options', *options)
    whole, resumed = (weights(tmp_path / run / 'epoch_3.pth') for run in ('whole', 'cut'))
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_a_run_with_a_drawn_seed_resumes_to_the_same_weights(run_tool, tiny_options, tmp_path):
    options = [*tiny_options, 'train_cfg.max_epochs=2', 'train_cfg.val_interval=2']
    options += ['randomness.seed=None']
    run_tool('train', CONFIG, '--work-dir', 'whole', '--cfg-options', *options)
    shutil.copytree(tmp_path / 'whole', tmp_path / 'cut')
    for name in ('epoch_2.pth', 'best_mR_epoch_2.pth'):
        (tmp_path / 'cut' / name).unlink()
    (tmp_path / 'cut' / 'last_checkpoint').write_text('epoch_1.pth')
    run_tool('train', CONFIG, '--work-dir', 'cut', '--resume', '--cfg-options', *options)
    whole, resumed = (weights(tmp_path / run / 'epoch_2.pth') for run in ('whole', 'cut'))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


@pytest.mark.parametrize(
    ('option', 'said'),
    [
        ('train_dataloader.batch_size=99', '46 training items give none of 1 process.* of 99: low'),
        ('optim_wrapper.accumulative_counts=2', 'counts=2 gives no more negatives: .* 16 images'),
    ],
)
def test_a_training_without_a_batch_or_without_effect_is_refused(
    run_tool, tiny_options, tmp_path, option, said
):
    done = run_tool('train', CONFIG, '--cfg-options', *tiny_options, option, code=1)
    assert re.search(said, reason(done))
    assert not list(tmp_path.rglob('*.pth'))


def test_trains_in_two_processes_and_tests_alike_in_one_and_two(run_tool, tiny_options, tmp_path):
    options = [*tiny_options, 'train_cfg.max_epochs=1', 'train_dataloader.batch_size=8']
    checkpoint = tmp_path / 'two' / 'epoch_1.pth'
    for script, *arguments in (
        ('dist_train.sh', CONFIG, '2', '--work-dir', 'two'),
        ('dist_test.sh', CONFIG, checkpoint, '2', '--out', '2.json'),
    ):
        done = subprocess.run(
            ['bash', ROOT / 'tools' / script, *arguments, '--cfg-options', *options],
            cwd=tmp_path,
            env=command_environment(),
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr[-3000:]
    run_tool('test', CONFIG, checkpoint, '--out', '1.json', '--cfg-options', *options)
    one, two = (json.loads((tmp_path / f'{number}.json').read_text()) for number in (1, 2))
    assert one == pytest.approx(two, abs=1e-6)
    assert 'mR' in one


@pytest.mark.parametrize(
    ('option', 'wanted'),
    [
        ('model.selector.keeep=3', 'keeep'),
        ('modle.selector.keep=3', "did you mean 'model'"),
        ('model.selector.keep=300', 'keep=300'),
        ('train_dataloader.dataset.data_root=nowhere/', 'make_scenes|prepare_data'),
        ('model.instruction_encoder.init=nowhere.pth', 'instruction_encoder.init=random'),
    ],
)
def test_a_wrong_value_ends_in_one_sentence(run_tool, tiny_options, option, wanted):
    done = run_tool('train', CONFIG, '--cfg-options', *tiny_options, option, code=1)
    assert re.search(wanted, reason(done)), reason(done)


def test_a_checkpoint_of_another_model_is_refused(run_tool, tiny_options, tmp_path):
    torch.save({'state_dict': {'weight': torch.ones(1)}}, tmp_path / 'other.pth')
    done = run_tool('test', CONFIG, 'other.pth', '--cfg-options', *tiny_options, code=1)
    assert 'not a checkpoint of this model: 0 of its' in reason(done)


def test_an_instruction_checkpoint_that_fits_nothing_is_refused(run_tool, tiny_options, tmp_path):
    torch.save({'state_dict': {'weight': torch.ones(1)}}, tmp_path / 'other.pth')
    option = f'model.instruction_encoder.init={tmp_path / "other.pth"}'
    done = run_tool('train', CONFIG, '--cfg-options', *tiny_options, option, code=1)
    assert 'instruction_encoder.init=random' in reason(done)


def test_a_corrupt_picture_ends_training_in_one_sentence(run_tool, tiny_options, scenes, tmp_path):
    broken = tmp_path / 'broken'
    shutil.copytree(scenes, broken)
    for picture in (broken / 'images').iterdir():
        picture.write_bytes(picture.read_bytes()[:300])
    options = [o.replace(str(scenes), str(broken)) for o in tiny_options]
    options.append('train_dataloader.num_workers=2')
    done = run_tool('train', CONFIG, '--cfg-options', *options, code=1)
    assert str(broken / 'images') in reason(done)
