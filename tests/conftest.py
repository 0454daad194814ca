"""Where tests find what is not part of the project."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


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
    from pir_mm.apis.scenes import make_scenes

    folder = tmp_path_factory.mktemp('data') / 'scenes'
    make_scenes(folder, n_images=64, seed=0)
    return folder
