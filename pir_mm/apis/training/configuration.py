"""Read a config and merge into it what the command line changes."""

import argparse
import difflib
import inspect
from pathlib import Path
from typing import Any

from mmengine.config import Config, DictAction
from mmengine.runner import Runner

RUNNER_KEYS = set(inspect.signature(Runner.__init__).parameters) - {'self', 'cfg'}
OTHER_KEYS = {'custom_imports', 'find_unused_parameters', 'runner_type', 'sync_bn', 'compile'}
KNOWN_KEYS = RUNNER_KEYS | OTHER_KEYS


def load_config(
    path: str | Path,
    options: list[str] | None = None,
    *,
    work_dir: str | None = None,
    launcher: str = 'none',
) -> Config:
    """Read a config file and merge options into it.

    Args:
        path: config file.
        options: ``key=value`` pairs, as ``--cfg-options`` takes them; merged last.
        work_dir: for logs and checkpoints; by default the config's own, else ``work_dirs/STEM``.
        launcher: of the processes, as mmengine names it.

    Raises:
        FileNotFoundError: if the file does not exist.
        ValueError: if the file is not valid Python, if a top-level key looks like a misspelt key
            of the Runner, or if an option sets a top-level key that neither the config nor the
            Runner has.
    """
    path = Path(path)
    config = _read_file(path)
    changes = parse_options(options or [])
    _check_keys(path, config)
    _check_options(config, changes)
    config.merge_from_dict(changes)
    config.launcher = launcher
    if work_dir is not None:
        config.work_dir = work_dir
    elif config.get('work_dir') is None:
        config.work_dir = str(Path('work_dirs') / path.stem)
    return config


def parse_options(pairs: list[str]) -> dict[str, Any]:
    """Read ``key=value`` pairs as mmengine reads ``--cfg-options``.

    Raises:
        ValueError: if a pair has no ``=``.
    """
    for pair in pairs:
        if '=' not in pair:
            raise ValueError(f'--cfg-options needs key=value, but got {pair!r}')
    parser = argparse.ArgumentParser()
    parser.add_argument('--options', nargs='*', action=DictAction)
    return parser.parse_args(['--options', *pairs]).options


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
