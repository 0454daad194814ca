"""What a wheel, a source archive and an editable install hold."""

import ast
import shutil
import subprocess
import sys
import tarfile
from email.parser import HeaderParser
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
CONSTRAINTS = ROOT / 'requirements' / 'constraints.txt'


@pytest.fixture(scope='module')
def contents(wheel):
    with ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope='module')
def archive(checkout, tmp_path_factory):
    """A source archive."""
    place = tmp_path_factory.mktemp('archive')
    command = [sys.executable, 'setup.py', '-q', 'sdist', '--dist-dir', place]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True)
    (path,) = place.glob('*.tar.gz')
    return path


def test_the_wheel_holds_what_mim_looks_for(contents):
    files = [ROOT / 'model-index.yml', *ROOT.glob('tools/**/*'), *ROOT.glob('configs/**/*')]
    files = [path for path in files if path.is_file() and path.suffix != '.pyc']
    wanted = {f'pir_mm/.mim/{path.relative_to(ROOT).as_posix()}' for path in files}
    assert {name for name in contents if name.startswith('pir_mm/.mim/')} == wanted


def test_the_wheel_holds_every_module(contents):
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / 'pir_mm').rglob('*.py')}
    modules = {name for name in modules if '/.mim/' not in name}
    assert {n for n in contents if n.endswith('.py') and '/.mim/' not in n} == modules


def test_the_wheel_holds_the_page(contents):
    page = ROOT / 'pir_mm' / 'apis' / 'serving' / 'page'
    wanted = {path.relative_to(ROOT).as_posix() for path in page.iterdir()}
    assert len(wanted) == 4
    assert wanted <= set(contents)


def test_the_wheel_installs_one_package_only(contents):
    """mmengine takes a site-packages/configs for its own."""
    assert {name.split('/')[0].split('-')[0] for name in contents} == {'pir_mm'}


def test_a_wheel_of_the_source_archive_is_the_same(archive, build, contents):
    with ZipFile(build(archive)) as wheel:
        assert set(wheel.namelist()) == contents


def test_the_source_archive_holds_files_not_links(archive):
    with tarfile.open(archive) as members:
        names = {member.name.partition('/')[2]: member for member in members}
    assert {'requirements/constraints.txt', 'LICENSE', 'pir_mm/.mim/model-index.yml'} <= set(names)
    assert not [name for name, member in names.items() if member.issym() or member.islnk()]


def test_an_editable_install_links_to_the_checkout(editable, checkout):
    del editable
    for name in ('tools', 'configs', 'model-index.yml'):
        assert (checkout / 'pir_mm' / '.mim' / name).resolve() == checkout / name


def test_an_editable_install_is_replaced_without_a_trace(editable, checkout, wheel):
    def traces():
        return {path.name for path in editable.site.glob('*pir_mm*')}

    before = traces()
    editable.pip_install('--force-reinstall', wheel)
    assert traces() == {'pir_mm', next(n for n in before if n.endswith('.dist-info'))}
    editable.pip_install('--editable', checkout)
    assert traces() == before


def test_where_links_are_forbidden_copies_are_made_and_renewed(checkout, tmp_path):
    place = shutil.copytree(checkout, tmp_path / 'copy', ignore=shutil.ignore_patterns('.mim'))
    forbid = (
        'import pathlib, runpy, sys\n'
        'def refuse(*_, **__): raise OSError("no links here")\n'
        'pathlib.Path.symlink_to = refuse\n'
        'sys.argv = ["setup.py", "--version"]\n'
        'runpy.run_path("setup.py", run_name="__main__")\n'
    )
    for text in ('first', 'second'):
        (place / 'tools' / 'train.py').write_text(text)
        subprocess.run([sys.executable, '-c', forbid], cwd=place, check=True, capture_output=True)
        copied = place / 'pir_mm' / '.mim' / 'tools'
        assert not copied.is_symlink()
        assert (copied / 'train.py').read_text() == text


def wanted_by(requirement, extra):
    marker = requirement.marker
    return marker is not None and marker.evaluate({'extra': extra})


def test_the_metadata_says_what_is_needed(wheel):
    with ZipFile(wheel) as opened:
        name = next(n for n in opened.namelist() if n.endswith('METADATA'))
        metadata = HeaderParser().parsestr(opened.read(name).decode())
    assert metadata['Requires-Python'] == '>=3.10'
    needed = [Requirement(line) for line in metadata.get_all('Requires-Dist')]
    core = {r.name for r in needed if r.marker is None}
    assert {
        'torch',
        'mmengine',
        'mmpretrain',
        'mmcv-lite',
        'transformers',
        'rasterio',
        'shapely',
        'faiss-cpu',
    } <= core
    assert not {'pycocotools', 'openmim', 'mmcv', 'pymilvus', 'milvus-lite'} & core
    assert set(metadata.get_all('Provides-Extra')) == {
        'clip',
        'lora',
        'milvus',
        'mim',
        'onnx',
        'parquet',
        'serve',
        'vis',
        'tests',
        'all',
    }
    parts = ('clip', 'mim', 'onnx', 'parquet', 'serve', 'vis')
    extras = {e: {r.name for r in needed if wanted_by(r, e)} for e in ('all', *parts)}
    assert extras['all'] == set.union(*(extras[e] for e in parts))
    assert {'open_clip_torch', 'openmim', 'scikit-learn'} <= extras['all']


def lines_of(path):
    bare = (line.split('#')[0].strip() for line in path.read_text(encoding='utf-8').splitlines())
    return [Requirement(line) for line in bare if line]


@pytest.mark.parametrize(
    'path', sorted(set((ROOT / 'requirements').glob('*.txt')) - {CONSTRAINTS}), ids=lambda p: p.stem
)
def test_every_requirement_is_pinned_within_its_bounds_and_has_a_reason(path):
    pins = {r.name.lower(): r for r in lines_of(CONSTRAINTS)}
    for requirement in lines_of(path):
        (pin,) = pins[requirement.name.lower()].specifier
        assert pin.operator == '=='
        assert requirement.specifier.contains(pin.version, prereleases=True)
    for line in path.read_text(encoding='utf-8').splitlines():
        assert '#' in line


def test_the_pins_are_complete():
    """Whatever the requirements lead to is pinned, so that two set-ups give the same."""
    pins = {r.name.lower().replace('_', '-') for r in lines_of(CONSTRAINTS)}
    waiting, seen = [], {'pip'}
    for path in set((ROOT / 'requirements').glob('*.txt')) - {CONSTRAINTS}:
        waiting += [(r.name, frozenset()) for r in lines_of(path)]
    while waiting:
        name, extras = waiting.pop()
        key = name.lower().replace('_', '-').replace('.', '-')
        if (key, extras) in seen or key in seen:
            continue
        seen.add((key, extras))
        try:
            below = [Requirement(line) for line in requires(name) or []]
        except PackageNotFoundError:
            continue
        assert key in pins, f'{name} is not in {CONSTRAINTS.name}'
        for requirement in below:
            marker = requirement.marker
            if marker is None or any(marker.evaluate({'extra': e}) for e in extras or {''}):
                waiting.append((requirement.name, frozenset(requirement.extras)))


def test_what_is_imported_is_required():
    """Nothing is used that only happens to be there because something else brings it."""
    paths = set((ROOT / 'requirements').glob('*.txt')) - {CONSTRAINTS}
    required = {r.name.lower() for path in paths for r in lines_of(path)}
    brought_by = packages_distributions()
    for path in [*(ROOT / 'pir_mm').rglob('*.py'), *(ROOT / 'tools').glob('*.py')]:
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module]
            for top in {name.split('.')[0] for name in names} - sys.stdlib_module_names:
                bringers = {name.lower() for name in brought_by.get(top, [top])}
                assert top == 'pir_mm' or bringers & required, f'{path} imports {top}'
