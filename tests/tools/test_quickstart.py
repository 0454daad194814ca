"""The whole job by one command, on little data and for one epoch."""

import json
import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT, TINY


@pytest.mark.slow
def test_leaves_what_it_promises(scenes, tmp_path):
    options = [*TINY, 'train_cfg.max_epochs=1', 'train_cfg.val_interval=1']
    command = [sys.executable, str(ROOT / 'tools' / 'quickstart.py')]
    done = subprocess.run(
        [*command, '--out', 'out', '--data', str(scenes), '--n-images', '64']
        + ['--cfg-options', *options],
        cwd=tmp_path,
        env=os.environ | {'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    out = tmp_path / 'out'
    metrics = json.loads((out / 'metrics.json').read_text())
    assert {'mR', 'i2t/R@1', 't2i/R@10', 'chance_mR', 'n_images', 'n_texts'} <= metrics.keys()
    for name in ('config.py', 'vocab.txt', 'best.pth', 'search.png', 'index/index.json'):
        assert (out / name).stat().st_size > 0, name
    assert 'out/search.png' in done.stdout.splitlines()[-2]
