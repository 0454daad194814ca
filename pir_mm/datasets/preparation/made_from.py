"""What a prepared folder was made from, so that a second run can see that nothing changed."""

import hashlib
import json
from pathlib import Path

from pir_mm.datasets.layout import CAPTIONS, IMAGES, REPORT, VOCABULARY
from pir_mm.files.pictures import is_picture
from pir_mm.files.walking import find_files


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
            archives[path.name] = stamp
        elif is_picture(path):
            loose_pictures.update(f'{path.relative_to(source)} {stamp}\n'.encode())
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
        ValueError: if ``out`` has content that this program did not write.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return None
    if not (out / REPORT).is_file():
        raise ValueError(
            f'{out} exists and has no {REPORT}, so it was not written by this program: '
            'choose another folder by --out, or remove it'
        )
    try:
        report = json.loads((out / REPORT).read_text(encoding='utf-8'))
    except ValueError:
        return None
    complete = (
        report.get('made_from') == origin
        and all((out / name).is_file() for name in (CAPTIONS, VOCABULARY))
        and (out / IMAGES).is_dir()
        and len(list((out / IMAGES).iterdir())) == report['pictures']
    )
    return report if complete else None
