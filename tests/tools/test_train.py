"""Training, killing, resuming and testing by the commands, on generated scenes."""

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
def run_tool(tmp_path):
    def run(name, *arguments, check=True, **environment):
        command = [sys.executable, str(ROOT / 'tools' / name), *map(str, arguments)]
        path = {'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1', 'PYTHONWARNINGS': 'ignore'}
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=os.environ | path | environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        if check:
            assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done

    return run


def weights(path):
    return torch.load(path, weights_only=True)['state_dict']


def last_line(done):
    assert done.returncode == 1, done.stdout[-2000:] + done.stderr[-2000:]
    lines = [line for line in done.stderr.splitlines() if line.startswith('error: ')]
    assert len(lines) == 1 and 'Traceback' not in done.stderr, done.stderr[-2000:]
    return lines[0]


def test_a_run_killed_at_once_and_resumed_ends_in_the_same_weights(
    run_tool, tiny_options, tmp_path
):
    options = [*tiny_options, 'train_cfg.max_epochs=3', 'train_cfg.val_interval=1']
    run_tool('train.py', CONFIG, '--work-dir', 'whole', '--cfg-options', *options)

    command = [sys.executable, str(ROOT / 'tools' / 'train.py'), str(CONFIG)]
    environment = {'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'}
    process = subprocess.Popen(
        [*command, '--work-dir', 'cut', '--cfg-options', *options],
        cwd=tmp_path,
        env=os.environ | environment,
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

    run_tool('train.py', CONFIG, '--work-dir', 'cut', '--resume', '--cfg-options', *options)
    whole, resumed = (weights(tmp_path / run / 'epoch_3.pth') for run in ('whole', 'cut'))
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_trains_in_two_processes_and_tests_alike_in_one_and_two(run_tool, tiny_options, tmp_path):
    options = [*tiny_options, 'train_cfg.max_epochs=1', 'train_dataloader.batch_size=8']
    launch = [sys.executable, '-m', 'torch.distributed.run', '--nproc_per_node=2']
    launch += ['--master_port=29517', str(ROOT / 'tools' / 'train.py'), str(CONFIG)]
    done = subprocess.run(
        [*launch, '--launcher', 'pytorch', '--work-dir', 'two', '--cfg-options', *options],
        cwd=tmp_path,
        env=os.environ | {'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    checkpoint = tmp_path / 'two' / 'epoch_1.pth'
    tests = []
    for number in ('1', '2'):
        script = ROOT / 'tools' / 'dist_test.sh'
        done = subprocess.run(
            ['bash', script, CONFIG, checkpoint, number, '--out', f'{number}.json']
            + ['--cfg-options', *options],
            cwd=tmp_path,
            env=os.environ
            | {'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1', 'PYTHON': sys.executable}
            | {'PORT': '29518'},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        tests.append(json.loads((tmp_path / f'{number}.json').read_text()))
    assert tests[0] == pytest.approx(tests[1], abs=1e-6)
    assert 'mR' in tests[0]


@pytest.mark.parametrize(
    ('option', 'reason'),
    [
        ('model.selector.keeep=3', 'keeep'),
        ('modle.selector.keep=3', "did you mean 'model'"),
        ('model.selector.keep=300', 'keep=300'),
        ('train_dataloader.dataset.data_root=nowhere/', 'make_scenes|prepare_data'),
        ('model.instruction_encoder.init=nowhere.pth', 'instruction_encoder.init=random'),
    ],
)
def test_a_wrong_value_ends_in_one_sentence(run_tool, tiny_options, option, reason):
    done = run_tool('train.py', CONFIG, '--cfg-options', *tiny_options, option, check=False)
    assert re.search(reason, last_line(done)), last_line(done)


def test_a_checkpoint_of_another_model_is_refused(run_tool, tiny_options, tmp_path):
    torch.save({'state_dict': {'weight': torch.ones(1)}}, tmp_path / 'other.pth')
    done = run_tool('test.py', CONFIG, 'other.pth', '--cfg-options', *tiny_options, check=False)
    assert 'not a checkpoint of this model: 0 of its' in last_line(done)


def test_an_instruction_checkpoint_that_fits_nothing_is_refused(run_tool, tiny_options, tmp_path):
    torch.save({'state_dict': {'weight': torch.ones(1)}}, tmp_path / 'other.pth')
    option = f'model.instruction_encoder.init={tmp_path / "other.pth"}'
    done = run_tool('train.py', CONFIG, '--cfg-options', *tiny_options, option, check=False)
    assert 'instruction_encoder.init=random' in last_line(done)


def test_a_corrupt_picture_ends_training_in_one_sentence(run_tool, tiny_options, scenes, tmp_path):
    broken = tmp_path / 'broken'
    shutil.copytree(scenes, broken)
    for picture in (broken / 'images').iterdir():
        picture.write_bytes(picture.read_bytes()[:300])
    options = [o.replace(str(scenes), str(broken)) for o in tiny_options]
    options.append('train_dataloader.num_workers=2')
    done = run_tool('train.py', CONFIG, '--cfg-options', *options, check=False)
    assert str(broken / 'images') in last_line(done)
