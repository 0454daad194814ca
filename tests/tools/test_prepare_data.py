"""The command that prepares data."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
TOOL = [sys.executable, ROOT / 'tools' / 'prepare_data.py']
ENVIRONMENT = {**os.environ, 'PYTHONPATH': str(ROOT)}


def run(*arguments):
    return subprocess.run([*TOOL, *arguments], capture_output=True, text=True, env=ENVIRONMENT)


@pytest.fixture
def pairs(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / 'photos').mkdir()
    lines = ['image,caption']
    for number in range(10):
        pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / 'photos' / f'{number}.png')
        lines.append(f'{number}.png,scene {number}')
    (tmp_path / 'pairs.csv').write_text('\n'.join(lines))
    return ['custom', '--captions', tmp_path / 'pairs.csv', '--source', tmp_path / 'photos']


def test_prepares_and_then_has_nothing_to_do(pairs, tmp_path):
    first = run(*pairs, '--out', tmp_path / 'mine', '--vocab-size', '80')
    assert (first.returncode, first.stderr) == (0, '')
    assert first.stdout.startswith(f'wrote {tmp_path}/mine in ')
    assert len((tmp_path / 'mine' / 'vocab.txt').read_text().split()) == 80
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / 'mine').rglob('*')}
    second = run(*pairs, '--out', tmp_path / 'mine', '--vocab-size', '80')
    assert second.returncode == 0
    assert 'is up to date, nothing to do: 10 pictures (8 train, 1 val, 1 test)' in second.stdout
    assert times == {path: path.stat().st_mtime_ns for path in (tmp_path / 'mine').rglob('*')}


def test_lists_what_is_missing_in_one_sentence(pairs, tmp_path):
    (tmp_path / 'photos' / '3.png').unlink()
    failed = run(*pairs, '--out', tmp_path / 'mine')
    assert failed.returncode == 1
    assert failed.stdout == 'missing: 3.png\n'
    assert failed.stderr == (
        'error: 1 of 10 pictures are missing, listed above: add them to the source, or write the '
        'rest by --allow-missing\n'
    )
    assert run(*pairs, '--out', tmp_path / 'mine', '--allow-missing').returncode == 0
    assert len(list((tmp_path / 'mine' / 'images').iterdir())) == 9


def test_a_killed_run_leaves_nothing_half_done(pairs, tmp_path):
    for number in range(10, 3000):
        os.link(tmp_path / 'photos' / '1.png', tmp_path / 'photos' / f'{number}.png')
    with (tmp_path / 'pairs.csv').open('a') as file:
        file.writelines(f'\n{number}.png,scene {number}' for number in range(10, 3000))
    process = subprocess.Popen([*TOOL, *pairs, '--out', tmp_path / 'mine'], env=ENVIRONMENT)
    while not list(tmp_path.glob('.mine.*.part/images/*')):
        assert process.poll() is None, 'ended before it could be killed'
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / 'mine').exists()
    assert run(*pairs, '--out', tmp_path / 'mine').returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ['mine', 'pairs.csv', 'photos']


def test_help_is_instant_and_explains_own_captions():
    script = f'import sys; sys.argv = ["x", "-h"]; exec(open({str(TOOL[1])!r}).read())'
    code = (
        f'import sys\ntry:\n    {script}\nexcept SystemExit:\n    assert "torch" not in sys.modules'
    )
    shown = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, cwd=ROOT)
    assert (shown.returncode, shown.stderr) == (0, '')
    for word in ('--source', '--allow-missing', '--vocab-size', 'image,caption[,class][,split]'):
        assert word in shown.stdout
