"""The folder of a prepared data set: its files, the commands around it, lost pictures."""

import os
import shlex
from collections.abc import Iterable
from pathlib import Path

CAPTIONS = 'captions.json'
IMAGES = 'images'
VOCABULARY = 'vocab.txt'
REPORT = 'report.json'
SPLITS = ('train', 'val', 'test')
BENCHMARKS = ('rsicd', 'ucm', 'rsitmd', 'sydney')


def command_for(folder: str | Path) -> str:
    """The command that makes the data set ``folder``; which one depends on the folder's name."""
    name = Path(folder).name
    if name in BENCHMARKS:
        return f'python tools/prepare_data.py {name} --source DIR --out {folder}'
    if 'demo' in name or 'scenes' in name:
        return f'python tools/make_scenes.py --out {folder}'
    return f'python tools/prepare_data.py custom --captions FILE --source DIR --out {folder}'


def training_command(folder: str | Path) -> str:
    """The command that trains a small model on the data set ``folder``, from random weights."""
    data, run = shlex.quote(str(folder)), shlex.quote(f'work_dirs/{Path(folder).name}')
    return f'python tools/train.py configs/demo/pir_itr_scenes.py --data {data} --work-dir {run}'


def require_pictures(folder: str, filenames: Iterable[str]) -> None:
    """Check that all pictures are in the folder.

    Raises:
        FileNotFoundError: if pictures are missing; the message has their number, the first names
            and the command that makes the folder.
    """
    missing = missing_pictures(folder, filenames)
    if missing:
        raise FileNotFoundError(
            f'{len(missing)} pictures are missing in {folder}: {", ".join(missing[:3])}'
            f'{", ..." if len(missing) > 3 else ""}; '
            f'make the folder again by: {command_for(Path(folder).parent)}'
        )


def missing_pictures(folder: str, filenames: Iterable[str]) -> list[str]:
    """Those of the file names, relative to ``folder``, that do not exist; in the given order.

    Each folder is listed once, which is much faster than to look for every file.
    """
    listings: dict[str, set[str]] = {}
    missing = []
    for filename in filenames:
        parent, name = os.path.split(os.path.join(folder, filename))
        if parent not in listings:
            listings[parent] = _names_in(parent)
        if name not in listings[parent]:
            missing.append(filename)
    return missing


def _names_in(folder: str) -> set[str]:
    if not os.path.isdir(folder):
        return set()
    with os.scandir(folder) as files:
        return {file.name for file in files}
