"""Two processes that see other data evaluate one model."""

import os
import subprocess
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[3]


def test_every_process_evaluates_the_buffers_of_the_first(tmp_path):
    script = Path(__file__).with_name('buffers_on_processes.py')
    environment = os.environ | {'PYTHONPATH': str(ROOT), 'CUDA_VISIBLE_DEVICES': '-1'}
    command = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc-per-node=2']
    subprocess.run([*command, str(script), str(tmp_path)], cwd=ROOT, env=environment, check=True)
    for stage in ('val', 'test'):
        first, second = (torch.load(tmp_path / f'{stage}{rank}.pth') for rank in range(2))
        assert first['norm.num_batches_tracked'] == 2
        assert first.keys() == second.keys()
        assert all(torch.equal(first[name], second[name]) for name in first)
    saved = torch.load(tmp_path / 'epoch_1.pth', weights_only=True)['state_dict']
    assert torch.equal(saved['norm.running_mean'], first['norm.running_mean'])
