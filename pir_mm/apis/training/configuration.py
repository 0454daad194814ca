"""Reading a config, with what the command line changes in it."""

import argparse
import difflib
import inspect
from pathlib import Path
from typing import Any

from mmengine.config import Config, DictAction
from mmengine.runner import Runner

RUNNER_KEYS = set(inspect.signature(Runner.__init__).parameters) - {'self', 'cfg'}
OTHER_KEYS = {'custom_imports', 'find_unused_parameters', 'runner_type', 'sync_bn', 'compile'}


def parse_options(pairs: list[str]) -> dict[str, Any]:
    """Read ``key=value`` pairs as mmengine reads ``--cfg-options``.

    Raises:
        ValueError: if a pair has no ``=``.
    """
    for pair in pairs:
        if '=' not in pair:
            raise ValueError(f'--cfg-options wants key=value, but got {pair!r}')
    parser = argparse.ArgumentParser()
    parser.add_argument('--options', nargs='*', action=DictAction)
    return parser.parse_args(['--options', *pairs]).options


def load_config(
    path: str | Path,
    options: list[str] | None = None,
    *,
    work_dir: str | None = None,
    launcher: str = 'none',
) -> Config:
    """Read a config and merge ``--cfg-options``, a list of ``key=value``, into it.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no Python, a key on the top level is a slip of the pen for one the
            Runner knows, or an option sets a top-level key that neither the config nor the Runner
            has.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'config {path} does not exist')
    try:
        config = Config.fromfile(path, lazy_import=False)
    except (SyntaxError, NameError) as error:
        # mmengine names a temporary copy, the error below it does not
        reason = error.__context__ or error
        raise ValueError(f'config {path}, or one it inherits, is no Python: {reason}') from error
    known = RUNNER_KEYS | OTHER_KEYS
    for key in config:
        near = difflib.get_close_matches(key, known, n=1, cutoff=0.85)
        if key not in known and near:
            raise ValueError(f'{path}: unknown config key {key!r}, did you mean {near[0]!r}?')
    changes = parse_options(options or [])
    for option in changes:
        key = option.split('.')[0]
        if key not in known and key not in config:
            near = difflib.get_close_matches(key, known | set(config), n=1)
            hint = f', did you mean {near[0]!r}?' if near else ''
            raise ValueError(f'--cfg-options {option}: no config key {key!r}{hint}')
    config.merge_from_dict(changes)
    config.launcher = launcher
    if work_dir is not None:
        config.work_dir = work_dir
    elif config.get('work_dir') is None:
        config.work_dir = str(Path('work_dirs') / path.stem)
    return config
