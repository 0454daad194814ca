"""Files below folders, in one order everywhere."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path


def find_files(
    sources: Iterable[str | Path],
    leave_out: Iterable[Path] = (),
    on_error: Callable[[OSError], None] | None = None,
) -> list[Path]:
    """All files of some files and folders, each once, as absolute paths.

    Sources keep their order; within a folder the paths are sorted. Links are followed. Hidden files
    and folders are left out.

    Args:
        sources: files and folders.
        leave_out: folders not to enter.
        on_error: is called with the error of a folder that cannot be read, whose ``filename`` is
            the folder. Without it the error is raised.

    Raises:
        FileNotFoundError: if a source does not exist.
        OSError: if a folder cannot be read.
    """
    entered = {os.path.realpath(folder) for folder in leave_out}
    found: dict[str, Path] = {}
    for source in map(Path, sources):
        if source.is_dir():
            files: Iterable[Path] = sorted(_walk(source, entered, on_error or _raise))
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


def printable(path: str | Path) -> str:
    """A path as text; what is not UTF-8 in its name is shown by its bytes."""
    return os.fsencode(path).decode('utf-8', errors='backslashreplace')


def _raise(error: OSError) -> None:
    raise error


def _walk(folder: Path, entered: set[str], on_error: Callable[[OSError], None]) -> Iterator[Path]:
    """Files below a folder; ``entered`` keeps links from leading in circles."""
    for here, folders, files in os.walk(folder, onerror=on_error, followlinks=True):
        real = os.path.realpath(here)
        if real in entered:
            folders.clear()
            continue
        entered.add(real)
        folders[:] = [name for name in folders if not is_hidden(name)]
        yield from (Path(here, name) for name in files if not is_hidden(name))
