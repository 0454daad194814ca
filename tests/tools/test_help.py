"""`-h` answers at once: a command reads its arguments before it imports anything heavy."""

import re
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
