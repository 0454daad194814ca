"""Read a config and merge into it what the command line changes."""

import ast
import difflib
import inspect
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

from pir_mm.datasets.layout import CAPTIONS, VOCABULARY, command_for
from pir_mm.files.names import first_few

RUNNER_KEYS = set(inspect.signature(Runner.__init__).parameters) - {'self', 'cfg'}
OTHER_KEYS = {'custom_imports', 'find_unused_parameters', 'runner_type', 'sync_bn', 'compile'}
KNOWN_KEYS = RUNNER_KEYS | OTHER_KEYS
WORDS = {'true': True, 'false': False, 'none': None}


def load_config(
    path: str | Path,
    options: list[str] | None = None,
    *,
    data: str | Path | None = None,
    work_dir: str | None = None,
    launcher: str = 'none',
) -> Config:
    """Read a config file and merge options into it.

    Args:
        path: config file.
        options: ``key=value`` pairs, as ``--cfg-options`` takes them; merged last.
        data: prepared folder to use in place of the config's data, with its vocabulary.
        work_dir: for logs and checkpoints; by default the config's own, else ``work_dirs/STEM``.
        launcher: of the processes, as mmengine names it.

    Raises:
        FileNotFoundError: if the file does not exist.
        ValueError: if the file is not valid Python, if a top-level key looks like a misspelt key
            of the Runner, if an option sets a top-level key that neither the config nor the Runner
            has, or if an option or a file sets a variable that the config has used already.
    """
    path = Path(path)
    config = _read_file(path)
    changes = parse_options(options or [])
    _check_keys(path, config)
    _check_options(config, changes)
    _check_variables(path)
    if data is not None:
        use_data(config, data)
    config.merge_from_dict(changes)
    config.launcher = launcher
    if work_dir is not None:
        config.work_dir = work_dir
    elif config.get('work_dir') is None:
        config.work_dir = str(Path('work_dirs') / path.stem)
    return config


def parse_options(pairs: list[str]) -> dict[str, Any]:
    """Read ``key=value`` pairs as mmengine reads ``--cfg-options``, but keep blanks.

    A value is a number, ``true``, ``false``, ``None``, a list (``a,b`` or ``[a,b]``), a tuple
    ``(a,b)``, or else a text, which quotes keep as it is.

    Raises:
        ValueError: if a pair has no ``=``.
    """
    values = {}
    for pair in pairs:
        key, equals, text = pair.partition('=')
        if not equals or not key.strip():
            raise ValueError(f'--cfg-options needs key=value, but got {pair!r}')
        values[key.strip()] = _value(text)
    return values


def use_data(config: Config, folder: str | Path) -> None:
    """Point all caption sets of a config, in place, to a prepared folder and its vocabulary.

    A text encoder that starts from weights keeps the vocabulary that belongs to them, and a CLIP
    its own. Features that are computed once go into the folder.

    Raises:
        FileNotFoundError: if the folder is not a prepared one.
        ValueError: if the config reads no caption set.
    """
    folder = Path(folder)
    for name in (CAPTIONS, VOCABULARY):
        if not (folder / name).is_file():
            raise FileNotFoundError(f'{folder} has no {name}: {command_for(folder)} makes it')
    loaders = [config.get(f'{part}_dataloader') or {} for part in ('train', 'val', 'test')]
    sets = [loader.dataset for loader in loaders if 'CaptionDataset' in str(loader.get('dataset'))]
    if not sets or 'tokenizer' not in config.get('model', {}):
        raise ValueError('--data is for a config that trains on captions: this one does not')
    if any('datasets' in dataset for dataset in sets):
        raise ValueError('--data is one set, and this config joins several: set each data_root')
    for dataset in sets:
        dataset.data_root = str(folder)
        dataset.pop('scenes', None)
    if 'features' in config.get('default_hooks', {}):
        config.default_hooks.features.folder = str(folder / 'features')
    text_encoder = config.model.get('teacher', config.model).get('text_encoder') or {}
    own = text_encoder.get('init', 'random') == 'random'
    if not own or 'vocab' not in config.model.tokenizer:
        return
    config.model.tokenizer.vocab = str(folder / VOCABULARY)
    pieces = len((folder / VOCABULARY).read_text(encoding='utf-8').splitlines())
    if 'vocab_size' in text_encoder:
        text_encoder.vocab_size = pieces


def _value(text: str) -> Any:
    parts = _split(text)
    if len(parts) > 1:
        return [_value(part) for part in parts]
    bare = text.strip()
    for opening, closing, kind in (('[', ']', list), ('(', ')', tuple)):
        if bare.startswith(opening) and bare.endswith(closing):
            inside = _split(bare[1:-1])
            return kind(_value(part) for part in inside if part.strip() or len(inside) > 1)
    try:
        return ast.literal_eval(bare)
    except (ValueError, SyntaxError):
        return WORDS.get(bare.lower(), text)


def _split(text: str) -> list[str]:
    """Parts between the commas that are in no brackets and no quotes."""
    parts, depth, quote = [''], 0, ''
    for letter in text:
        if quote:
            quote = '' if letter == quote else quote
        elif letter in '"\'':
            quote = letter
        elif letter == ',' and depth == 0:
            parts.append('')
            continue
        else:
            depth += (letter in '[({') - (letter in '])}')
        parts[-1] += letter
    return parts if depth == 0 and not quote else [text]


def _read_file(path: Path) -> Config:
    if not path.is_file():
        raise FileNotFoundError(f'config {path} does not exist')
    try:
        return Config.fromfile(path, lazy_import=False)
    except (SyntaxError, NameError) as error:
        # mmengine names a temporary copy, the error below it does not
        reason = error.__context__ or error
        raise ValueError(
            f'config {path}, or one that it inherits, is not valid Python: {reason}'
        ) from error


def _check_keys(path: Path, config: Config) -> None:
    for key in config:
        near = difflib.get_close_matches(key, KNOWN_KEYS, n=1, cutoff=0.85)
        if key not in KNOWN_KEYS and near:
            raise ValueError(f'{path}: unknown config key {key!r}, did you mean {near[0]!r}?')


def _check_options(config: Config, options: dict[str, Any]) -> None:
    known = KNOWN_KEYS | set(config)
    for option in options:
        key = option.split('.')[0]
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f', did you mean {near[0]!r}?' if near else ''
            raise ValueError(f'--cfg-options {option}: no config key {key!r}{hint}')
        if key not in KNOWN_KEYS:
            used = _places(config[key], {k: v for k, v in config.items() if k in KNOWN_KEYS})
            hint = f'set {first_few(used, 6)} itself' if used else 'set what it was put into'
            raise ValueError(
                f'--cfg-options {option} would have no effect, because {key} was used when the '
                f'config was read: {hint}'
            )


def _places(value: Any, within: Any, name: str = '') -> list[str]:
    """Dotted names of the entries that equal a value."""
    if name and value == within:
        return [name]
    if isinstance(within, dict):
        items = within.items()
    elif isinstance(within, list):
        items = enumerate(within)
    else:
        return []
    return [p for key, item in items for p in _places(value, item, f'{name}.{key}'.lstrip('.'))]


def _check_variables(path: Path) -> None:
    """Refuse a variable that a config sets anew after the config it inherits from has used it."""
    names, uses, bases = _read_names(path)
    for key in names - KNOWN_KEYS - uses - {'_base_'}:
        for base in bases:
            if key in _all_names(base):
                raise ValueError(
                    f'{path}: {key} has no effect here, because {base} has used it already: set '
                    'the entries that hold its value'
                )
    for base in bases:
        _check_variables(base)


def _all_names(path: Path) -> set[str]:
    names, _, bases = _read_names(path)
    return names.union(*map(_all_names, bases))


def _read_names(path: Path) -> tuple[set[str], set[str], list[Path]]:
    """The variables that a config file sets, those that it uses, and the files it inherits."""
    names, uses, bases = set(), set(), []
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Name):
            (names if isinstance(node.ctx, ast.Store) else uses).add(node.id)
        if isinstance(node, ast.Assign) and getattr(node.targets[0], 'id', '') == '_base_':
            given = ast.literal_eval(node.value)
            for base in [given] if isinstance(given, str) else given:
                file = path.parent / base
                bases += [file] if '::' not in base and file.is_file() else []
    return names, uses, bases
