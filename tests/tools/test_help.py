"""`-h` answers at once: a command reads its arguments before it imports anything heavy."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = sorted((ROOT / 'tools').glob('*.py'))
HEAVY = {'torch', 'torchvision', 'numpy', 'cv2', 'mmengine', 'mmpretrain', 'transformers'}


def ask_for_help(tool, *flags):
    command = [sys.executable, *flags, tool, '-h']
    return subprocess.run(command, capture_output=True, text=True, check=True)


@pytest.mark.parametrize('tool', TOOLS, ids=lambda tool: tool.stem)
def test_help_imports_nothing_heavy(tool):
    shown = ask_for_help(tool, '-X', 'importtime')
    assert shown.stdout.startswith(f'usage: {tool.name}')
    imported = set(re.findall(r'\| +(\w+)', shown.stderr))
    assert 'argparse' in imported
    assert not imported & HEAVY


def test_mim_can_ask_train_for_the_cpu():
    """`mim train --gpus 0` becomes `--device cpu` only where the help says `--gpus`."""
    shown = ask_for_help(ROOT / 'tools' / 'train.py').stdout
    assert '--gpus' in shown
    assert '--device' in shown


SCRIPTS = ['quickstart.sh', 'run_tests.sh', 'dist_train.sh', 'dist_test.sh']


@pytest.mark.parametrize('flag', ['-h', '--help'])
@pytest.mark.parametrize('name', SCRIPTS)
def test_a_script_tells_its_use_and_sets_up_nothing(tmp_path, name, flag):
    (tmp_path / 'tools').mkdir()
    shutil.copy(ROOT / 'tools' / name, tmp_path / 'tools')  # and nothing that it would source
    command = ['bash', tmp_path / 'tools' / name, flag]
    shown = subprocess.run(command, capture_output=True, text=True)
    assert (shown.returncode, shown.stderr) == (0, '')
    assert f'bash tools/{name}' in shown.stdout and '#' not in shown.stdout


def test_the_quickstart_refuses_an_unknown_option_before_it_sets_up(tmp_path):
    (tmp_path / 'tools').mkdir()
    shutil.copy(ROOT / 'tools' / 'quickstart.sh', tmp_path / 'tools')
    command = ['bash', tmp_path / 'tools' / 'quickstart.sh', '--images', '9']
    shown = subprocess.run(command, capture_output=True, text=True)
    assert shown.returncode == 2
    assert shown.stderr.startswith('error: quickstart.sh does not know --images')


def test_a_python_without_the_package_is_told_in_one_line():
    command = [sys.executable, '-I', '-S', ROOT / 'tools' / 'train.py', 'config.py']
    shown = subprocess.run(command, capture_output=True, text=True)
    assert shown.returncode == 1
    assert shown.stderr.startswith('error: this Python has no pir_mm: ')
    assert len(shown.stderr.splitlines()) == 1
