"""Which pictures a folder lacks, found by one listing of it instead of one look per picture."""

import os
from collections.abc import Iterable
from pathlib import Path

from pir_mm.datasets.layout import command_for


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
