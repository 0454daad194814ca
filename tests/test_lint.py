"""The whole tree passes the linter and is formatted by it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PLACES = ('pir_mm', 'tools', 'configs', 'projects', 'tests', 'setup.py')


@pytest.mark.parametrize('command', [('check',), ('format', '--diff')], ids=lambda c: c[0])
def test_ruff_has_nothing_to_say(command):
    pytest.importorskip('ruff', reason='ruff is absent: pip install -r requirements/tests.txt')
    call = [sys.executable, '-m', 'ruff', *command, '--no-cache', *PLACES]
    ended = subprocess.run(call, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout


def test_ruff_sees_every_source():
    pytest.importorskip('ruff', reason='ruff is absent: pip install -r requirements/tests.txt')
    call = [sys.executable, '-m', 'ruff', 'check', '--show-files', *PLACES]
    ended = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=True)
    seen = {Path(line) for line in ended.stdout.splitlines()}
    sources = {path for place in PLACES for path in (ROOT / place).rglob('*.py')}
    assert not {path for path in sources - seen if '.mim' not in path.parts}
