"""Commands run as a user runs them: in a process of their own."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

TINY = [
    'model.image_encoder.backbone.base_channels=4',
    'model.image_encoder.backbone.stem_channels=4',
    'model.instruction_encoder.backbone.base_channels=4',
    'model.instruction_encoder.backbone.stem_channels=4',
    'model.text_encoder.hidden_size=16',
    'model.text_encoder.layers=1',
    'model.text_encoder.intermediate_size=16',
    'model.image_encoder.dim=16',
    'model.text_encoder.dim=16',
    'model.instruction_encoder.dim=16',
    'model.spatial_pae.dim=16',
    'model.temporal_pae.dim=16',
    'model.head.dim=16',
    'train_dataloader.batch_size=16',
    'train_dataloader.num_workers=0',
    'train_dataloader.persistent_workers=False',
    'val_dataloader.num_workers=0',
    'val_dataloader.persistent_workers=False',
    'test_dataloader.num_workers=0',
]
"""Options that make the demo config a matter of seconds."""


@pytest.fixture
def tiny_options(scenes):
    loaders = [f'{s}_dataloader.dataset.data_root={scenes}/' for s in ('train', 'val', 'test')]
    return [*TINY, *loaders, f'model.tokenizer.vocab={scenes}/vocab.txt']


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
