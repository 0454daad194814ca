"""dist_train.sh and dist_test.sh hand everything to torch.distributed.run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ('dist_train.sh', 'dist_test.sh', 'dist_launch.sh')
# Answers questions as Python, shows what it is asked to launch.
STAND_IN = f"""#!/usr/bin/env bash
if [ "$1" = -c ]; then exec {sys.executable} "$@"; fi
printf '%s\\n' "$@" "OMP_NUM_THREADS=$OMP_NUM_THREADS" "PYTHONPATH=$PYTHONPATH"
"""
WITHOUT_TORCH = '#!/usr/bin/env bash\nexit 1\n'


def write_command(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def tools(tmp_path):
    """The scripts in a checkout of their own."""
    place = tmp_path / 'checkout' / 'tools'
    place.mkdir(parents=True)
    for name in SCRIPTS:
        shutil.copy(ROOT / 'tools' / name, place)
    return place


@pytest.fixture
def python(tmp_path):
    return write_command(tmp_path / 'python', STAND_IN)


def run(script, *arguments, **variables):
    kept = {name: os.environ[name] for name in ('PATH', 'HOME') if name in os.environ}
    command = ['bash', script, *arguments]
    return subprocess.run(command, env={**kept, **variables}, capture_output=True, text=True)


def test_train_launches_one_process_a_gpu(tools, python):
    ended = run(
        tools / 'dist_train.sh', 'c.py', '2', '--amp', '--cfg-options', 'a=1', PYTHON=python
    )
    lines = ended.stdout.splitlines()
    assert lines[:2] == ['-m', 'torch.distributed.run']
    assert '--nproc_per_node=2' in lines
    script = lines.index(str(tools / 'train.py'))
    launched = ['c.py', '--amp', '--cfg-options', 'a=1', '--launcher', 'pytorch']
    assert lines[script + 1 : script + 7] == launched
    assert f'PYTHONPATH={tools.parent}' in lines


def test_test_takes_the_checkpoint_second(tools, python):
    lines = run(tools / 'dist_test.sh', 'c.py', 'best.pth', '3', PYTHON=python).stdout.splitlines()
    assert '--nproc_per_node=3' in lines
    script = lines.index(str(tools / 'test.py'))
    assert lines[script + 1 : script + 5] == ['c.py', 'best.pth', '--launcher', 'pytorch']


def test_several_machines_are_named_by_the_environment(tools, python):
    machines = {'NNODES': '2', 'NODE_RANK': '1', 'MASTER_ADDR': 'first', 'PORT': '4711'}
    lines = run(tools / 'dist_train.sh', 'c.py', '8', PYTHON=python, **machines).stdout.splitlines()
    assert {'--nnodes=2', '--node_rank=1', '--master_addr=first', '--master_port=4711'} <= set(
        lines
    )


def test_two_jobs_on_one_machine_take_two_ports(tools, python):
    ports = set()
    for _ in range(2):
        lines = run(tools / 'dist_train.sh', 'c.py', '2', PYTHON=python).stdout.splitlines()
        ports |= {line for line in lines if line.startswith('--master_port=')}
    assert len(ports) == 2


def test_several_machines_agree_on_a_port_unasked(tools, python):
    lines = run(tools / 'dist_train.sh', 'c.py', '2', PYTHON=python, NNODES='2').stdout.splitlines()
    assert '--master_port=29500' in lines


def test_linked_into_a_package_it_launches_the_checkouts_tools(tools, python, tmp_path):
    (tmp_path / '.mim').mkdir()
    (tmp_path / '.mim' / 'tools').symlink_to(tools)
    linked = tmp_path / '.mim' / 'tools' / 'dist_train.sh'
    assert str(tools / 'train.py') in run(linked, 'c.py', '2', PYTHON=python).stdout.splitlines()


def test_without_an_active_environment_the_checkouts_own_is_taken(tools, tmp_path):
    write_command(tmp_path / 'bin' / 'python', WITHOUT_TORCH)
    write_command(tools.parent / '.venv' / 'bin' / 'python', STAND_IN)
    path = f'{tmp_path / "bin"}:{os.environ["PATH"]}'
    ended = run(tools / 'dist_train.sh', 'c.py', '2', PATH=path)
    assert 'torch.distributed.run' in ended.stdout


def test_an_interpreter_without_torch_is_refused(tools, tmp_path):
    chosen = write_command(tmp_path / 'python', WITHOUT_TORCH)
    write_command(tools.parent / '.venv' / 'bin' / 'python', STAND_IN)
    ended = run(tools / 'dist_train.sh', 'c.py', '2', PYTHON=chosen)
    assert ended.returncode == 1
    assert f'error: {chosen} has no PyTorch' in ended.stderr


@pytest.mark.parametrize(
    ('script', 'arguments', 'reason'),
    [
        ('dist_train.sh', ['c.py'], 'give a config and the number of GPUs'),
        ('dist_test.sh', ['c.py', 'best.pth'], 'give a config, a checkpoint and the number'),
        ('dist_train.sh', ['c.py', 'two'], 'at least 1, not two'),
        ('dist_train.sh', ['c.py', '0'], 'at least 1, not 0'),
    ],
)
def test_a_wrong_call_ends_in_one_sentence(tools, python, script, arguments, reason):
    ended = run(tools / script, *arguments, PYTHON=python)
    assert ended.returncode == 1
    assert reason in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
