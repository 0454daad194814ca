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
    'command': set(),
    'functional': set(),
    'structures': set(),
    'files': {'structures'},
    'datasets': {'registry', 'structures', 'functional', 'files'},
    'models': {'registry', 'structures', 'functional', 'files'},
    'evaluation': {'registry', 'structures', 'functional'},
    'engine': {'registry', 'structures', 'functional', 'files'},
    'search': {'structures', 'functional', 'files', 'version'},
    'visualization': {'registry', 'structures', 'files'},
    'querying': {'search', 'visualization', 'structures', 'files'},
    'deployment': {'search', 'functional', 'files'},
    'tools': {'apis', 'command', 'querying', 'deployment'},
    'projects': {'apis', 'registry'},
    '__init__': {'version'},
}
ALLOWED['apis'] = set(ALLOWED) - {'tools', 'projects', 'command', '__init__'}
LEVELS = (
    {'registry', 'version', 'command', 'functional', 'structures'},
    {'files'},
    {'datasets', 'models', 'evaluation', 'engine', 'search', 'visualization'},
    {'querying', 'deployment'},
    {'apis'},
    {'tools', 'projects'},
)
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


@pytest.mark.parametrize('level', range(len(LEVELS)))
def test_no_room_may_import_one_of_its_own_level_or_above(level):
    below = set().union(*LEVELS[:level])
    for room in LEVELS[level]:
        assert ALLOWED[room] <= below


def test_every_room_is_in_the_table():
    rooms = {room_of(path) for path in sources('pir_mm', 'tools', 'projects')}
    assert rooms == set(ALLOWED) == set().union({'__init__'}, *LEVELS)


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


# What an `__init__.py` does beside re-exporting, and why.
BESIDE_EXPORTS = {
    # mmcv-lite warns while it is imported
    'pir_mm/__init__.py': ['warnings.filterwarnings('],
    # mmpretrain finds our models as soon as `pir_mm.apis` is imported
    'pir_mm/apis/__init__.py': ['register_models()'],
    # a host that cannot be imported is explained
    'pir_mm/models/__init__.py': ['try:\n    import mmpretrain.models'],
}


def statements(source):
    """What a module does beside its docstring, its imports and its list of public names."""
    body = ast.parse(source).body
    for node in body:
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_import = isinstance(node, ast.Import | ast.ImportFrom)
        is_list = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == '__all__'
        if not (is_text or is_import or is_list):
            yield ast.unparse(node)


@pytest.mark.parametrize(
    'path', [p for p in sources('pir_mm', 'projects') if p.name == '__init__.py'], ids=name_of
)
def test_an_init_file_only_re_exports(path):
    source = path.read_text(encoding='utf-8')
    docstring = ast.get_docstring(ast.parse(source))
    assert docstring and docstring != 'TODO.'
    wanted = BESIDE_EXPORTS.get(name_of(path), [])
    found = list(statements(source))
    assert len(found) == len(wanted)
    assert all(f.startswith(w) for f, w in zip(found, wanted, strict=True))


ENDINGS = {'jpg', 'jpeg', 'png', 'tif', 'tiff', 'bmp', 'webp', 'gif', 'jp2'}
ONLY_IN_FILES = {
    'os.replace': 'files/ writes whole or not at all',
    'os.rename': 'files/ writes whole or not at all',
    'Image.open': 'files/ decodes pictures',
    'cv2.imread': 'files/ decodes pictures',
    'cv2.imdecode': 'files/ decodes pictures',
    'os.walk': 'files/ walks folders',
    'picture endings': 'files/ knows the endings of pictures',
}
# Where one of these is another thing, and why.
ALLOWED_OUTSIDE_FILES = {
    # a measure of speed decodes as a first script would
    'pir_mm/apis/benchmarking/epoch_cases.py': {'Image.open'},
}


def done_only_in_files(source):
    """What of ``ONLY_IN_FILES`` a source does."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            last_two = '.'.join(name.split('.')[-2:])
            if last_two in ONLY_IN_FILES:
                yield last_two
            # of a path: str.replace has two arguments, those of dataclasses and dates have names
            elif name.endswith(('.rename', '.replace')) and (
                len(node.args) + sum(word.arg == 'target' for word in node.keywords) == 1
                and all(word.arg == 'target' for word in node.keywords)
            ):
                yield 'os.' + name.rpartition('.')[2]
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if f'{node.module}.{alias.name}' in ONLY_IN_FILES:
                    yield f'{node.module}.{alias.name}'
        elif isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict):
            parts = node.keys if isinstance(node, ast.Dict) else node.elts
            texts = {str(p.value).lower() for p in parts if isinstance(p, ast.Constant)}
            if len({text.removeprefix('.') for text in texts} & ENDINGS) > 1:
                yield 'picture endings'


@pytest.mark.parametrize(
    'path',
    [p for p in sources('pir_mm', 'tools', 'projects') if room_of(p) != 'files'],
    ids=name_of,
)
def test_nothing_in_files_exists_a_second_time(path):
    done = set(done_only_in_files(path.read_text(encoding='utf-8')))
    assert done <= ALLOWED_OUTSIDE_FILES.get(name_of(path), set()), [
        ONLY_IN_FILES[name] for name in done
    ]


@pytest.mark.parametrize(
    ('source', 'done'),
    [
        ('os.replace(a, b)', {'os.replace'}),
        ('from os import rename', {'os.rename'}),
        ('part.rename(out)', {'os.rename'}),
        ('part.replace(out)', {'os.replace'}),
        ('text.replace("a", "b")', set()),
        ('dataclasses.replace(row, name="b")', set()),
        ('with PIL.Image.open(path) as picture: pass', {'Image.open'}),
        ('Image.fromarray(pixels)', set()),
        ('cv2.imdecode(data, 1)', {'cv2.imdecode'}),
        ('for here, folders, files in os.walk(top): pass', {'os.walk'}),
        ('from os import walk', {'os.walk'}),
        ('ENDINGS = (".JPG", ".png")', {'picture endings'}),
        ('FORMATS = {"png": 1, "tif": 2}', {'picture endings'}),
        ('ENDINGS = (".csv", ".geojson", ".png")', set()),
    ],
)
def test_a_second_way_is_seen(source, done):
    assert set(done_only_in_files(source)) == done


@pytest.mark.parametrize('path', CONFIGS, ids=name_of)
def test_configs_import_nothing(path):
    """mmengine takes an import for the pure-Python style and then fails without a reason."""
    nodes = ast.walk(ast.parse(path.read_text(encoding='utf-8')))
    assert not [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]


def test_the_package_has_no_room_called_tools():
    """`mim test` would take pir_mm/tools before the packaged tools."""
    assert not (PACKAGE / 'tools').exists()
