"""Files below folders, in one order everywhere."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path


def find_files(sources: Iterable[str | Path], leave_out: Iterable[Path] = ()) -> list[Path]:
    """All files of some files and folders, each once, as absolute paths.

    Sources keep their order; within a folder the paths are sorted. Links are followed. Hidden files
    and folders are left out.

    Args:
        sources: files and folders.
        leave_out: folders not to enter.

    Raises:
        FileNotFoundError: if a source does not exist.
    """
    entered = {os.path.realpath(folder) for folder in leave_out}
    found: dict[str, Path] = {}
    for source in map(Path, sources):
        if source.is_dir():
            files: Iterable[Path] = sorted(_walk(source, entered))
        elif source.exists():
            files = [source]
        else:
            raise FileNotFoundError(f'{source} does not exist: give pictures or folders of them')
        for file in files:
            found.setdefault(os.path.realpath(file), Path(os.path.abspath(file)))
    return list(found.values())


def is_hidden(name: str) -> bool:
    """Whether a file or folder is passed over: a leading dot, or what macOS puts into archives."""
    return name.startswith('.') or name == '__MACOSX'


def _walk(folder: Path, entered: set[str]) -> Iterator[Path]:
    """Files below a folder; ``entered`` keeps links from leading in circles."""
    for here, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(here)
        if real in entered:
            folders.clear()
            continue
        entered.add(real)
        folders[:] = [name for name in folders if not is_hidden(name)]
        yield from (Path(here, name) for name in files if not is_hidden(name))
