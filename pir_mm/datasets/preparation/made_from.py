"""What a prepared folder was made from, so that a second run can see that nothing changed."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from pir_mm.datasets.layout import CAPTIONS, IMAGES, REPORT, VOCABULARY
from pir_mm.files.names import first_few
from pir_mm.files.pictures import is_picture
from pir_mm.files.walking import find_files

LEFT_BY_SYSTEMS = ('.DS_Store', 'Thumbs.db', 'desktop.ini')
"""What a file manager leaves in a folder; nobody misses it."""


def made_from(source: Path, skip: Path, captions: Path, options: dict) -> dict:
    """Record names, sizes and modification times of all files that are read, and the options.

    Args:
        source: folder with pictures and archives.
        skip: folder that is not searched.
        captions: caption file.
        options: what else decides the result.

    Returns:
        A value that JSON can hold; it is equal as long as nothing changed.
    """
    archives, loose_pictures = {}, hashlib.sha256()
    for path in find_files([source], leave_out=[skip]):
        suffix, stamp = path.suffix.lower(), _size_and_time(path)
        if suffix == '.zip':
            archives[path.relative_to(source).as_posix()] = stamp
        elif is_picture(path):
            loose_pictures.update(os.fsencode(f'{path.relative_to(source)} {stamp}\n'))
    return {
        'source': str(source),
        'captions': {captions.name: _size_and_time(captions)},
        'archives': archives,
        'loose_pictures': loose_pictures.hexdigest(),
        'options': options,
    }


def _size_and_time(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def unchanged_report(out: Path, origin: dict) -> dict | None:
    """The report of a prepared folder if nothing changed, else None.

    Nothing changed if key ``made_from`` of the report equals ``origin`` and the folder is still
    complete.

    Raises:
        ValueError: if ``out`` has content that this program did not write, so that it may not be
            replaced.
    """
    if not out.exists():
        return None
    report = _own_report(out)
    if report is None:
        return None
    _refuse_foreign(out)
    complete = (
        report['made_from'] == origin
        and all((out / name).is_file() for name in (CAPTIONS, VOCABULARY))
        and sum(1 for path in (out / IMAGES).rglob('*') if path.is_file()) == report['pictures']
    )
    return report if complete else None


def refuse_inside(out: Path, inputs: Iterable[Path]) -> None:
    """Raise a ValueError if an input lies in the folder that will be replaced, or is that folder.

    Args:
        out: folder to write.
        inputs: files and folders to read; all paths without links.
    """
    for path in inputs:
        if path.is_relative_to(out):
            raise ValueError(
                f'{path} is read, and lies in {out}, which is written anew: choose another folder '
                'by --out'
            )


def _own_report(out: Path) -> dict | None:
    """The report that this program left in a folder; ``None`` if the folder is empty."""
    if not out.is_dir():
        raise ValueError(f'{out} is a file: choose a folder by --out')
    if not any(out.iterdir()):
        return None
    try:
        report = json.loads((out / REPORT).read_text(encoding='utf-8'))
    except (OSError, ValueError):
        report = None
    if not isinstance(report, dict) or not {'made_from', 'pictures'} <= set(report):
        raise ValueError(
            f'{out} exists and has no {REPORT} of ours, so it was not written by this program: '
            'choose another folder by --out'
        )
    return report


def _refuse_foreign(out: Path) -> None:
    top = {CAPTIONS, VOCABULARY, REPORT, IMAGES, *LEFT_BY_SYSTEMS}
    foreign = [path.name for path in out.iterdir() if path.name not in top]
    pictures = [p for p in (out / IMAGES).rglob('*') if p.name not in LEFT_BY_SYSTEMS]
    own = _stored_names(out, bool(pictures))
    foreign += [
        name for path in pictures if (name := path.relative_to(out / IMAGES).as_posix()) not in own
    ]
    if foreign:
        raise ValueError(
            f'{out} has files that this program did not write ({first_few(sorted(foreign))}), and '
            'it would be written anew: move them away, or choose another folder by --out'
        )


def _stored_names(out: Path, needed: bool) -> set[str]:
    """Stored pictures and their folders, as the caption file of ``out`` names them."""
    try:
        content = json.loads((out / CAPTIONS).read_text(encoding='utf-8'))
        names = [PurePosixPath(annotation['filename']) for annotation in content['images']]
    except (OSError, ValueError, KeyError, TypeError):
        if not needed:
            return set()
        raise ValueError(
            f'{out} has pictures, and no {CAPTIONS} that says which of them this program wrote: '
            'choose another folder by --out'
        ) from None
    return {part.as_posix() for name in names for part in (name, *name.parents)}
