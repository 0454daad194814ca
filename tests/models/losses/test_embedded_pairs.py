"""Several processes with unequal shares train as one process with the whole batch does."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from pir_mm.models.losses.embedded_pairs import EmbeddedPairs, gather_pairs

ROOT = Path(__file__).resolve().parents[3]


def test_one_process_has_the_whole_batch_already():
    pairs = EmbeddedPairs(*torch.arange(6).unsqueeze(1), n_scenes=6)
    assert gather_pairs(pairs) is pairs


@pytest.mark.parametrize('how', ['whole', 'chunks'])
def test_loss_and_every_gradient_equal_those_of_the_whole_batch(tmp_path, how):
    script = str(Path(__file__).with_name('train_on_processes.py'))
    environment = os.environ | {'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'}
    environment |= {'CUDA_VISIBLE_DEVICES': '-1'}
    ranks = [
        subprocess.Popen([sys.executable, script, str(tmp_path), str(rank), how], env=environment)
        for rank in range(2)
    ]
    worker = runpy.run_path(script)
    expected = worker['step'](worker['TwoEncoders'](), worker['whole']())
    assert {'image.weight', 'head.temperatures.contrastive.value'} <= set(expected)
    assert all(value.abs().max() > 1e-3 for value in expected.values())
    assert [rank.wait(timeout=300) for rank in ranks] == [0, 0]
    for rank in range(2):
        assert_close(torch.load(tmp_path / f'{rank}.pt'), expected)
