"""The set-up of .venv, with a stand-in for pip: what is asked of it, when, and what is said."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PIP = """
import os, pathlib, sys
if '--version' not in sys.argv:
    with open(os.environ['PIP_LOG'], 'a') as log:
        print(*sys.argv[1:], file=log)
    if '-e' in sys.argv:
        tools = pathlib.Path(sys.argv[-1], 'pir_mm', '.mim', 'tools')
        tools.mkdir(parents=True, exist_ok=True)
        (tools / 'train.py').touch()
    sys.exit(int(os.environ.get('PIP_STATUS', 0)))
"""
QUICKSTART = 'import sys; print("ran", *sys.argv[1:])'
PYTEST = 'import sys; print("pytest", *sys.argv[1:])'
SHARED = '-n 2 --dist loadfile'
COMMANDS = ('awk', 'bash', 'cat', 'cksum', 'df', 'dirname', 'flock', 'mv')


class Checkout:
    """The scripts of a checkout over a virtual environment whose pip only writes down."""

    def __init__(self, place):
        self.root = place / 'checkout'
        self.stand_ins = place / 'stand_ins'
        self.log = place / 'pip.log'
        for name in ('tools', 'requirements', 'pir_mm'):
            (self.root / name).mkdir(parents=True)
        for name in ('setup_env.sh', 'run_tests.sh', 'quickstart.sh'):
            shutil.copy(ROOT / 'tools' / name, self.root / 'tools')
        for path in (ROOT / 'requirements').glob('*.txt'):
            shutil.copy(path, self.root / 'requirements')
        (self.root / 'tools' / 'quickstart.py').write_text(
            'import sys; print("ran", *sys.argv[1:])'
        )
        (self.root / 'setup.py').touch()
        (self.root / 'pir_mm' / 'version.py').write_text("__version__ = '1'")
        for name, text in (('pip', PIP), ('pytest', PYTEST)):
            (self.stand_ins / name).mkdir(parents=True)
            (self.stand_ins / name / '__init__.py').touch()  # else the real one is taken
            (self.stand_ins / name / '__main__.py').write_text(text)

    @property
    def python(self):
        return self.root / '.venv' / 'bin' / 'python'

    @property
    def asked(self):
        """What pip was asked so far."""
        return self.log.read_text().splitlines() if self.log.exists() else []

    def run(self, *arguments, script='run_tests.sh', folder=None, **variables):
        return subprocess.run(
            ['bash', self.root / 'tools' / script, *arguments],
            cwd=folder or self.root,
            env={
                'PATH': os.environ['PATH'],
                'PYTHONPATH': str(self.stand_ins),
                'PIP_LOG': str(self.log),
                'PIP_NO_INDEX': '1',
                **variables,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )


@pytest.fixture
def checkout(tmp_path):
    made = Checkout(tmp_path)
    venv.create(made.root / '.venv', symlinks=True)
    return made


def write_command(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/usr/bin/env bash\n{text}\n')
    path.chmod(0o755)
    return path


def test_a_first_run_makes_the_environment(tmp_path):
    checkout = Checkout(tmp_path)
    ended = checkout.run(PYTHON=sys.executable)
    assert ended.stdout.splitlines() == [f'pytest -ra -m not slow {SHARED}']
    assert checkout.python.exists()
    for step in ('1/3', '2/3', '3/3', 'done'):
        assert f'pir_mm set-up: {step}' in ended.stderr


def test_packages_come_by_the_constraints_and_then_the_checkout(checkout):
    checkout.run()
    packages, itself = checkout.asked
    assert f'-c {checkout.root}/requirements/constraints.txt' in packages
    for name in ('runtime', 'clip', 'milvus', 'mim', 'onnx', 'parquet', 'serve', 'vis', 'tests'):
        assert f'-r {checkout.root}/requirements/{name}.txt' in packages
    assert itself.endswith(f'--no-build-isolation --no-deps -e {checkout.root}')


def test_a_second_run_asks_pip_nothing(checkout):
    checkout.run()
    ended = checkout.run()
    assert len(checkout.asked) == 2
    assert ended.stderr == ''


@pytest.mark.parametrize('name', ['requirements/runtime.txt', 'setup.py', 'pir_mm/version.py'])
def test_a_change_of_what_is_installed_brings_it_up_to_date(checkout, name):
    checkout.run()
    with (checkout.root / name).open('a') as file:
        file.write('\n# changed\n')
    checkout.run()
    assert len(checkout.asked) == 4


def test_a_moved_checkout_is_installed_again(checkout):
    checkout.run()
    checkout.root = checkout.root.rename(checkout.root.with_name('moved'))
    checkout.run()
    assert checkout.asked[-1].endswith(f'-e {checkout.root}')


def test_lost_links_are_made_again(checkout):
    checkout.run()
    shutil.rmtree(checkout.root / 'pir_mm' / '.mim')
    checkout.run()
    assert len(checkout.asked) == 4


def test_a_failed_installation_is_said_and_gone_on_with(checkout):
    ended = checkout.run(PIP_STATUS='1')
    assert ended.returncode == 1
    assert 'error: pip could not install the packages' in ended.stderr
    assert 'pytest' not in ended.stdout
    assert checkout.run().stdout.startswith('pytest')
    assert len(checkout.asked) == 3


def test_what_a_killed_pip_left_is_installed_again(checkout):
    site = next((checkout.root / '.venv' / 'lib').glob('*/site-packages'))
    for name, mark in (('whole', 'INSTALLER'), ('half', 'METADATA')):
        (site / f'{name}-1.dist-info').mkdir()
        (site / f'{name}-1.dist-info' / mark).touch()
    (site / '~umpy').mkdir()
    checkout.run()
    assert sorted(path.name for path in site.glob('*-1.dist-info')) == ['whole-1.dist-info']
    assert not (site / '~umpy').exists()


def test_a_broken_environment_is_made_anew(checkout):
    checkout.python.unlink()
    checkout.python.symlink_to('/nowhere/python')
    ended = checkout.run(PYTHON=sys.executable)
    assert ended.stdout.startswith('pytest')


@pytest.mark.parametrize(
    ('given', 'taken'),
    [
        ([], ['-ra', '-m', 'not slow', SHARED]),
        (['--slow'], ['-ra', '-m', '', SHARED]),
        (['x.py', '--slow', '-k', 'a b'], ['-ra', '-m', '', SHARED, 'x.py', '-k', 'a b']),
    ],
)
def test_arguments_reach_pytest(checkout, given, taken):
    assert checkout.run(*given).stdout == ' '.join(['pytest', *taken]) + '\n'


def test_quickstart_runs_from_any_folder(checkout, tmp_path):
    ended = checkout.run('--n-images', '1', script='quickstart.sh', folder=tmp_path)
    assert ended.stdout == 'ran --n-images 1\n'


def only(commands, place):
    place.mkdir()
    for name in commands:
        found = shutil.which(name)
        if found:
            (place / name).symlink_to(found)
    return str(place)


def test_no_python_is_one_sentence(tmp_path):
    checkout = Checkout(tmp_path)
    ended = checkout.run(PATH=only(COMMANDS, tmp_path / 'bin'))
    assert ended.returncode == 1
    assert ended.stderr == (
        'error: no Python 3.10, 3.11 or 3.12 is on PATH: '
        'install one, or name one as PYTHON=/path/to/python.\n'
    )


def test_a_wrong_python_is_one_sentence(tmp_path):
    checkout = Checkout(tmp_path)
    ended = checkout.run(PYTHON='/nowhere/python2')
    assert ended.returncode == 1
    assert ended.stderr.startswith('error: PYTHON=/nowhere/python2 is not Python 3.10')
    assert len(ended.stderr.splitlines()) == 1


def test_a_python_without_venv_is_one_sentence(tmp_path):
    checkout = Checkout(tmp_path)
    crippled = f'case "$2" in *ensurepip*) exit 1 ;; esac\nexec {sys.executable} "$@"'
    python = write_command(tmp_path / 'python3.11', crippled)
    ended = checkout.run(PYTHON=str(python))
    assert ended.returncode == 1
    assert 'cannot make a virtual environment: install its venv module' in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_a_full_disk_is_said_before_the_download(checkout, tmp_path):
    write_command(tmp_path / 'bin' / 'df', 'echo; echo "disk 100 80 20 80% /"')
    ended = checkout.run(PATH=f'{tmp_path / "bin"}:{os.environ["PATH"]}')
    assert ended.returncode == 1
    assert 'has 20 MB free and the packages (PyTorch above all) take about 7000 MB' in ended.stderr
    assert checkout.asked == []


def test_somebodys_other_environment_is_left_alone(checkout):
    checkout.python.unlink()
    write_command(checkout.python, 'case "$2" in *3,\\ 10*) exit 1 ;; *print*) echo 3.13 ;; esac')
    ended = checkout.run()
    assert ended.returncode == 1
    assert 'has Python 3.13, but needs 3.10, 3.11 or 3.12' in ended.stderr
    assert (checkout.root / '.venv' / 'pyvenv.cfg').exists()


def test_another_python_than_the_environments_is_refused(checkout, tmp_path):
    other = 'case "$2" in *print*) echo 3.10 ;; esac'
    python = write_command(tmp_path / 'python3.10', other)
    ended = checkout.run(PYTHON=str(python))
    assert ended.returncode == 1
    assert f'and PYTHON={python} is another' in ended.stderr


def test_an_installed_package_is_no_checkout(checkout):
    (checkout.root / 'setup.py').unlink()
    ended = checkout.run()
    assert ended.returncode == 1
    assert 'is not a checkout of pir_mm' in ended.stderr


def test_continuous_integration_runs_the_same(checkout):
    (checkout.root / '.ci').mkdir()
    shutil.copy(ROOT / '.ci' / 'run', checkout.root / '.ci')
    assert (
        checkout.run(script='../.ci/run', CI='true').stdout == f'pytest -ra -m not slow {SHARED}\n'
    )
