"""The installed package trains and tests through mim and the launchers, far from the checkout."""

import json
import os
import subprocess

import pytest

pytest.importorskip('pkg_resources', reason='mim imports pkg_resources: setuptools<82 has it')
pytest.importorskip('mim', reason='openmim is not installed: pip install -r requirements/mim.txt')

pytestmark = pytest.mark.slow
CONFIG = 'pir_itr_scenes.py'
QUICK = ('--cfg-options', 'train_cfg.max_epochs=1', 'train_cfg.val_interval=1')
LOADERS = [
    f'{name}_dataloader.{key}'
    for name in ('train', 'val', 'test')
    for key in ('num_workers=0', 'persistent_workers=False', 'batch_size=8')
]


@pytest.fixture(scope='module')
def place(installed, tmp_path_factory):
    """A folder with a few scenes and a model trained on them by mim."""
    folder = tmp_path_factory.mktemp('anywhere')
    scenes = ('--out', 'data/scenes', '--n-images', '80', '--size', '96', '--workers', '1')
    installed.mim('run', 'pir_mm', 'make_scenes', *scenes, folder=folder)
    train = ('train', 'pir_mm', CONFIG, '--gpus', '0', '--work-dir', 'out')
    installed.mim(*train, *QUICK, *LOADERS, folder=folder)
    return folder


@pytest.fixture(scope='module')
def metrics(installed, place):
    """What `mim test` says of it."""
    test = ('test', 'pir_mm', CONFIG, '--checkpoint', 'out/epoch_1.pth', '--out', 'by_mim.json')
    installed.mim(*test, '--device', 'cpu', '--cfg-options', *LOADERS, folder=place)
    return json.loads((place / 'by_mim.json').read_text())


def test_mim_trains_and_tests(metrics):
    assert 0 < metrics['mR'] <= 100


def test_several_processes_without_a_gpu_agree(installed, place, metrics):
    tools = installed.site / 'pir_mm' / '.mim' / 'tools'
    config = installed.site / 'pir_mm' / '.mim' / 'configs' / 'demo' / CONFIG
    command = ['bash', tools / 'dist_test.sh', config, 'out/epoch_1.pth', '2', '--device', 'cpu']
    subprocess.run(
        [*command, '--out', 'by_two.json', '--cfg-options', *LOADERS],
        cwd=place,
        env={**os.environ, 'PYTHON': str(installed.python), 'CUDA_VISIBLE_DEVICES': '-1'},
        check=True,
        capture_output=True,
    )
    assert json.loads((place / 'by_two.json').read_text()) == pytest.approx(metrics)


def test_mim_launches_several_processes(installed, place):
    train = ('train', 'pir_mm', CONFIG, '--gpus', '2', '--launcher', 'pytorch', '--device', 'cpu')
    ended = installed.mim(*train, '--work-dir', 'two', *QUICK, *LOADERS, folder=place)
    assert 'Training finished successfully' in ended.stdout
    assert (place / 'two' / 'epoch_1.pth').is_file()
