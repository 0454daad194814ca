"""Where tests find what is not part of the project."""

import ast
import gc
import os
from pathlib import Path

import pytest

# Before anything imports torch. Workers of pytest and the processes that tests start share the
# cores; and a sum in two threads is not bit for bit the sum in one.
os.environ.setdefault('OMP_NUM_THREADS', '1')

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / 'configs' / 'demo' / 'pir_itr_scenes.py'

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
    'model.embedding.dim=16',
    'train_dataloader.batch_size=16',
    'train_dataloader.num_workers=0',
    'train_dataloader.persistent_workers=False',
    'val_dataloader.num_workers=0',
    'val_dataloader.persistent_workers=False',
    'test_dataloader.num_workers=0',
]
"""Options that make the demo config a matter of seconds."""


def pytest_collection_finish():
    """Take what is imported by now out of each later garbage collection, which datasets ask for."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope='session', autouse=True)
def plain_config_texts():
    """Leave the text of a config as mmengine writes it; yapf's layout takes half of a tiny run."""
    from yapf.yapflib import yapf_api

    def as_it_is(text, **_):
        ast.parse(text)
        return text, False

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yapf_api, 'FormatCode', as_it_is)
        yield


@pytest.fixture(scope='session')
def shared_dir():
    """Real data and golden outputs: ``PIR_MM_SHARED``, else a folder beside the checkout."""
    path = Path(os.environ.get('PIR_MM_SHARED', ROOT.parent / 'shared'))
    if not path.is_dir():
        pytest.skip(f'{path} is absent: set PIR_MM_SHARED to the folder of real data')
    return path


@pytest.fixture(scope='session')
def scenes(tmp_path_factory):
    """A prepared data set of 64 generated scenes: its folder."""
    from pir_mm.apis.data import make_scenes

    folder = tmp_path_factory.mktemp('data') / 'scenes'
    make_scenes(folder, n_images=64, seed=0)
    return folder


@pytest.fixture
def tiny_options(scenes):
    loaders = [f'{s}_dataloader.dataset.data_root={scenes}/' for s in ('train', 'val', 'test')]
    return [*TINY, *loaders, f'model.tokenizer.vocab={scenes}/vocab.txt']


@pytest.fixture
def tiny_demo(tiny_options, tmp_path):
    """The demo config at tiny widths on generated scenes, of one epoch."""
    from pir_mm.apis.training.configuration import load_config

    options = [*tiny_options, 'train_cfg.max_epochs=1', 'train_cfg.val_interval=1']
    return load_config(DEMO, options, work_dir=str(tmp_path / 'run'))
