"""The first stage of PIR-CLIP on shards: killed in an epoch, it goes on as if nothing had been."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from PIL import Image

from tests.conftest import ROOT
from tests.files.test_shards import write

pytest.importorskip('open_clip')
PAIRS, BROKEN = 64, 41
EPOCHS, SAMPLES, BATCH = 3, 24, 4  # the second pass over the pairs begins within the last epoch
KILLED = (1, 1)
"""Epoch and iteration after which the run is killed, both counted from 0."""
CONFIG = f"""
_base_ = ['{ROOT}/configs/clip/clip_rs5m.py']
custom_imports = dict(imports=['pir_mm.apis', 'seen_samples'])
model = dict(
    init='random',
    arch=dict(
        _delete_=True,
        embed_dim=16,
        vision_cfg=dict(image_size=224, patch_size=32, width=16, layers=1, head_width=8),
        text_cfg=dict(context_length=77, vocab_size=49408, width=16, heads=2, layers=1),
    ),
)
train_dataloader = dict(
    batch_size={BATCH},
    num_workers=1,
    sampler=dict(samples_per_epoch={SAMPLES}, block=4, window=3),
    dataset=dict(shards='shards'),
)
val_dataloader = dict(
    num_workers=0, persistent_workers=False, dataset=dict(data_root='{{scenes}}/', indices=8)
)
train_cfg = dict(max_epochs={EPOCHS})
default_hooks = dict(seen=dict(type='SeenSamplesHook', hold=None))
optim_wrapper = dict(optimizer=dict(lr=1e-3))
"""


@pytest.fixture
def folder(scenes, tmp_path):
    """A config beside shards of pairs, of which one has no picture that can be read."""
    for start in range(0, PAIRS, 25):
        members = {}
        for number in range(start, min(start + 25, PAIRS)):
            members[f'{number}.img_content'] = b'x' if number == BROKEN else picture(number)
            members[f'{number}.caption'] = f'{number} planes beside a river'.encode()
        (tmp_path / 'shards').mkdir(exist_ok=True)
        write(tmp_path / 'shards' / f'{start:02d}.tar', members)
    (tmp_path / 'tiny.py').write_text(CONFIG.replace('{scenes}', str(scenes)))
    return tmp_path


def picture(number):
    pixels = np.random.default_rng(number).integers(0, 256, (40, 48, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, 'PNG')
    return file.getvalue()


def start(folder, processes, run, *arguments):
    """Start a run in processes of its own; what it sees is in ``seen_RUN``."""
    command = [sys.executable, str(ROOT / 'tools' / 'train.py'), 'tiny.py', *arguments]
    command += ['--launcher', 'pytorch' if processes > 1 else 'none']
    command += ['--cfg-options', f'default_hooks.seen.folder=seen_{run}']
    environment = os.environ | {
        'PYTHONPATH': os.pathsep.join([str(ROOT), str(ROOT / 'tests' / 'tools')]),
        'OMP_NUM_THREADS': '1',
        'MASTER_ADDR': '127.0.0.1',
        'MASTER_PORT': str(free_port()),
        'WORLD_SIZE': str(processes),
    }
    started = []
    for rank in range(processes):
        with open(folder / f'{run}_{rank}.log', 'w') as log:
            own = environment | {'RANK': str(rank), 'LOCAL_RANK': str(rank)}
            started.append(subprocess.Popen(command, cwd=folder, env=own, stdout=log, stderr=log))
    return started


def free_port():
    with socket.socket() as own:
        own.bind(('127.0.0.1', 0))
        return own.getsockname()[1]


def finish(folder, processes, run, *arguments):
    for rank, process in enumerate(start(folder, processes, run, *arguments)):
        assert process.wait(200) == 0, (folder / f'{run}_{rank}.log').read_text()[-3000:]


def steps(folder, processes, run):
    """The lines of each process."""
    files = [folder / f'seen_{run}' / f'{rank}.jsonl' for rank in range(processes)]
    return [
        [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        for file in files
    ]


def kill_within_an_epoch(folder, processes, steps_of_an_epoch):
    hold = 'default_hooks.seen.hold=' + ','.join(map(str, KILLED))
    started = start(folder, processes, 'cut', '--work-dir', 'cut', '--cfg-options', hold)
    wanted = KILLED[0] * steps_of_an_epoch + KILLED[1] + 1
    deadline = time.monotonic() + 200
    try:
        while min(map(len, steps(folder, processes, 'cut'))) < wanted:
            assert time.monotonic() < deadline
            for rank, process in enumerate(started):
                log = folder / f'cut_{rank}.log'
                assert process.poll() is None, log.read_text()[-3000:]
            time.sleep(0.05)
    finally:
        for process in started:
            process.send_signal(signal.SIGKILL)
            process.wait()


@pytest.mark.slow
@pytest.mark.parametrize('processes', [1, 2])
def test_a_run_killed_within_an_epoch_sees_what_an_unbroken_one_sees(folder, processes):
    epoch = SAMPLES // processes // BATCH
    finish(folder, processes, 'whole', '--work-dir', 'whole')
    kill_within_an_epoch(folder, processes, epoch)
    finish(folder, processes, 'rest', '--work-dir', 'cut', '--resume')

    whole, cut, rest = (steps(folder, processes, run) for run in ('whole', 'cut', 'rest'))
    kept = KILLED[0] * epoch
    for own, before, after in zip(whole, cut, rest, strict=True):
        assert len(own) == EPOCHS * epoch
        assert before == own[: kept + KILLED[1] + 1]  # what the kill cost is less than an epoch
        assert after == own[kept:]  # the steps of the killed epoch again, and all that follow
    steps_of_a_pass = PAIRS // processes // BATCH
    first_pass = [n for own in whole for step in own[:steps_of_a_pass] for n in step['samples']]
    assert sorted([*first_pass, BROKEN]) == list(range(PAIRS))

    whole, resumed = (
        torch.load(folder / run / f'epoch_{EPOCHS}.pth', weights_only=True)['state_dict']
        for run in ('whole', 'cut')
    )
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
