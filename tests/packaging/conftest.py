"""A copy of the checkout, a wheel of it, and virtual environments that hold one of the two."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOT_COPIED = ('.mim', '__pycache__', '*.egg-info')
NOT_COPIED_FROM_THE_TOP = ('.git', '.venv', 'build', 'data', 'dist', 'shared', 'work_dirs')
MIM = 'import sys\nfrom mim.cli import cli\nsys.exit(cli())\n'


class Environment:
    """A virtual environment over the packages of the running one, with pir_mm of its own."""

    def __init__(self, folder: Path):
        subprocess.run([sys.executable, '-m', 'venv', '--without-pip', folder], check=True)
        self.python = folder / 'bin' / 'python'
        self.mim_script = folder / 'bin' / 'mim'
        self.mim_script.write_text(MIM)
        names = f'python{sys.version_info.major}.{sys.version_info.minor}'
        self.site = folder / 'lib' / names / 'site-packages'
        self.site.joinpath('over.pth').write_text(sysconfig.get_path('purelib') + '\n')

    def pip_install(self, *arguments) -> None:
        pip = [sys.executable, '-m', 'pip', '--python', self.python, 'install', '--quiet']
        offline = ['--no-index', '--no-build-isolation', '--no-deps']
        subprocess.run([*pip, *offline, *arguments], check=True)

    def run(self, *command, folder: Path, check: bool = True) -> subprocess.CompletedProcess:
        """Run Python on a command; nothing of the running test leaks into it."""
        leaking = ('PYTHONPATH', 'PYTHONSAFEPATH')
        clean = {name: value for name, value in os.environ.items() if name not in leaking}
        ended = subprocess.run(
            [self.python, *command],
            cwd=folder,
            env={**clean, 'PYTHONWARNINGS': 'ignore', 'COLUMNS': '200', 'OMP_NUM_THREADS': '1'},
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert ended.returncode == 0 or not check, ended.stdout[-3000:]
        return ended

    def mim(self, *arguments, folder: Path, check: bool = True) -> subprocess.CompletedProcess:
        """What typing `mim` does: unlike `python -m mim` it does not see the current folder."""
        return self.run(self.mim_script, *arguments, folder=folder, check=check)


@pytest.fixture(scope='session')
def checkout(tmp_path_factory):
    """A copy in which building leaves its traces."""
    place = tmp_path_factory.mktemp('checkout') / 'pir_mm'
    ignored = shutil.ignore_patterns(*NOT_COPIED)

    def ignore(folder, names):
        top = set(NOT_COPIED_FROM_THE_TOP) if Path(folder) == ROOT else set()
        return ignored(folder, names) | top

    shutil.copytree(ROOT, place, ignore=ignore, symlinks=True)
    (place / 'tests' / '__init__.py').touch()  # a stray package that must not be shipped
    return place


@pytest.fixture(scope='session')
def build(tmp_path_factory):
    """Build a wheel of a source tree or archive."""
    pytest.importorskip('setuptools.command.bdist_wheel', reason='setuptools builds no wheels')

    def wheel_of(source) -> Path:
        place = tmp_path_factory.mktemp('wheel')
        pip = [sys.executable, '-m', 'pip', 'wheel', '--quiet', '--no-index']
        offline = ['--no-build-isolation', '--no-deps', '--wheel-dir', place]
        subprocess.run([*pip, *offline, source], check=True)
        (wheel,) = place.glob('pir_mm-*.whl')
        return wheel

    return wheel_of


@pytest.fixture(scope='session')
def wheel(checkout, build):
    return build(checkout)


@pytest.fixture(scope='session')
def installed(wheel, tmp_path_factory):
    """An environment with the wheel."""
    environment = Environment(tmp_path_factory.mktemp('installed'))
    environment.pip_install(wheel)
    return environment


@pytest.fixture(scope='session')
def editable(checkout, wheel, tmp_path_factory):
    """An environment with `pip install -e` of the copied checkout."""
    environment = Environment(tmp_path_factory.mktemp('editable'))
    environment.pip_install('--editable', checkout)
    return environment
