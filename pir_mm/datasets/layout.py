"""Which pictures a folder lacks, found by one listing of it instead of one look per picture."""

import os
from collections.abc import Iterable
from pathlib import Path

CAPTIONS = 'captions.json'
IMAGES = 'images'
VOCABULARY = 'vocab.txt'
REPORT = 'report.json'
SPLITS = ('train', 'val', 'test')
BENCHMARKS = ('rsicd', 'ucm', 'rsitmd', 'sydney')


def command_for(folder: str | Path) -> str:
    """The command that writes the data set ``folder``, told by the folder's name."""
    name = Path(folder).name
    if name in BENCHMARKS:
        return f'python tools/prepare_data.py {name} --source DIR --out {folder}'
    if 'demo' in name or 'scenes' in name:
        return f'python tools/make_scenes.py --out {folder}'
    return f'python tools/prepare_data.py custom --captions FILE --source DIR --out {folder}'


def require_pictures(folder: str, filenames: Iterable[str]) -> None:
    """Check that pictures are there.

    Raises:
        FileNotFoundError: if some are not; counts them, names the first and the command that helps.
    """
    missing = missing_pictures(folder, filenames)
    if missing:
        raise FileNotFoundError(
            f'{len(missing)} pictures are missing in {folder}: {", ".join(missing[:3])}'
            f'{", ..." if len(missing) > 3 else ""}; '
            f'make the folder again by: {command_for(Path(folder).parent)}'
        )


def missing_pictures(folder: str, filenames: Iterable[str]) -> list[str]:
    """File names, relative to ``folder``, that are not there; in the order given."""
    listings: dict[str, set[str]] = {}
    missing = []
    for filename in filenames:
        parent, name = os.path.split(os.path.join(folder, filename))
        if parent not in listings:
            listings[parent] = _names(parent)
        if name not in listings[parent]:
            missing.append(filename)
    return missing


def _names(folder: str) -> set[str]:
    if not os.path.isdir(folder):
        return set()
    with os.scandir(folder) as entries:
        return {entry.name for entry in entries}
