"""Each room imports only from the rooms below it, and the tree keeps its manners."""

import ast
import sys
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / 'pir_mm'
ALLOWED = {
    'registry': set(),
    'version': set(),
    'functional': set(),
    'structures': set(),
    'files': {'structures'},
    'datasets': {'registry', 'structures', 'functional', 'files'},
    'models': {'registry', 'structures', 'functional', 'files'},
    'evaluation': {'registry', 'structures', 'functional'},
    'engine': {'registry', 'structures', 'functional', 'files'},
    'search': {'structures', 'functional', 'files', 'version'},
    'visualization': {'registry', 'structures', 'files'},
    'tools': {'apis'},
    'projects': {'apis', 'registry'},
    '__init__': {'version'},
}
ALLOWED['apis'] = set(ALLOWED) - {'tools', 'projects', '__init__'}
FUNCTIONAL_TAKES = {'torch', 'numpy'}


def rooms_imported_by(source):
    """Names of the rooms, `package` for the whole of it, `relative` for a relative import."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            if node.level:
                yield 'relative'
                continue
            top, *rest = node.module.split('.')
            if top == 'pir_mm':
                yield from rest[:1] or [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                top, *rest = alias.name.split('.')
                if top == 'pir_mm':
                    yield rest[0] if rest else 'package'
        elif isinstance(node, ast.Call) and 'import_module' in ast.dump(node.func):
            for text in (a.value for a in node.args if isinstance(a, ast.Constant)):
                if str(text).startswith('pir_mm'):
                    yield str(text).partition('.')[2].partition('.')[0] or 'package'


def room_of(path):
    parts = path.relative_to(PACKAGE if PACKAGE in path.parents else ROOT).parts
    return parts[0].removesuffix('.py')


def sources(*places):
    found = [path for place in places for path in sorted((ROOT / place).rglob('*.py'))]
    return [path for path in found if '.mim' not in path.parts]


def name_of(path):
    return str(path.relative_to(ROOT))


CONFIGS = sources('configs') + [p for p in sources('projects') if 'configs' in p.parts]


@pytest.mark.parametrize('path', sources('pir_mm', 'tools', 'projects'), ids=name_of)
def test_imports_point_down(path):
    room = room_of(path)
    assert set(rooms_imported_by(path.read_text(encoding='utf-8'))) <= ALLOWED[room] | {room}


@pytest.mark.parametrize(
    ('source', 'rooms'),
    [
        ('import pir_mm.models.encoders', {'models'}),
        ('import pir_mm', {'package'}),
        ('from pir_mm import models, apis', {'models', 'apis'}),
        ('from pir_mm.search.tiles import Tile', {'search'}),
        ('from . import tile', {'relative'}),
        ('from ..models import PIR', {'relative'}),
        ('def late():\n    from pir_mm.apis import embed_texts', {'apis'}),
        ('import importlib\nimportlib.import_module("pir_mm.models")', {'models'}),
        ('import torch\nfrom numpy import linalg', set()),
    ],
)
def test_every_way_to_import_is_seen(source, rooms):
    assert set(rooms_imported_by(source)) == rooms


@pytest.mark.parametrize('path', sources('pir_mm/functional'), ids=name_of)
def test_the_mathematics_needs_torch_and_numpy_only(path):
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            modules = [node.module or '']
        for top in (module.split('.')[0] for module in modules):
            assert top in FUNCTIONAL_TAKES | {'pir_mm'} | sys.stdlib_module_names


def test_no_room_without_a_role():
    roleless = {'util', 'utils', 'helper', 'helpers', 'common', 'misc'}
    stems = {
        path: set(path.relative_to(ROOT).with_suffix('').parts)
        for path in sources('pir_mm', 'tools', 'projects', 'configs', 'tests')
    }
    assert [path for path, parts in stems.items() if parts & roleless] == []


@pytest.mark.parametrize(
    ('place', 'searched'), [('configs', ('configs', 'tools', 'pir_mm')), ('tools', ('tools',))]
)
def test_mim_finds_one_file_for_a_name(place, searched):
    """mim looks for a base name, a config's in the whole package, and refuses two hits."""
    places = defaultdict(list)
    for path in sources(*searched):
        places[path.name].append(path)
    names = {path.name for path in sources(place)}
    assert {name: found for name, found in places.items() if name in names and found[1:]} == {}


@pytest.mark.parametrize('path', CONFIGS, ids=name_of)
def test_configs_import_nothing(path):
    """mmengine takes an import for the pure-Python style and then fails without a reason."""
    nodes = ast.walk(ast.parse(path.read_text(encoding='utf-8')))
    assert not [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]


def test_the_package_has_no_room_called_tools():
    """`mim test` would take pir_mm/tools before the packaged tools."""
    assert not (PACKAGE / 'tools').exists()
