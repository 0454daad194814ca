"""What a prepared folder was made from, so that a second run can tell that nothing changed."""

import hashlib
import json
from pathlib import Path

from pir_mm.datasets.layout import CAPTIONS, IMAGES, REPORT, VOCABULARY
from pir_mm.datasets.preparation.picture_store import EXTENSIONS, wanted_files


def fingerprint(source: Path, skip: Path, captions: Path, options: dict) -> dict:
    """Names, sizes and times of change of everything read, and the options given."""
    archives, loose = {}, hashlib.sha256()
    for path in wanted_files(source, skip):
        suffix, stamp = path.suffix.lower(), _stamp(path)
        if suffix == '.zip':
            archives[path.name] = stamp
        elif suffix in EXTENSIONS:
            loose.update(f'{path.relative_to(source)} {stamp}\n'.encode())
    return {
        'source': str(source),
        'captions': {captions.name: _stamp(captions)},
        'archives': archives,
        'loose_pictures': loose.hexdigest(),
        'options': options,
    }


def checksum(path: Path) -> str:
    """SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def unchanged_report(out: Path, made_from: dict) -> dict | None:
    """The report of ``out`` if it was made from the same and is still complete, else None.

    Raises:
        ValueError: if ``out`` holds something that this program did not write.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return None
    if not (out / REPORT).is_file():
        raise ValueError(
            f'{out} exists and has no {REPORT}, so it was not written by this program: '
            'name another folder by --out, or remove it'
        )
    try:
        report = json.loads((out / REPORT).read_text(encoding='utf-8'))
    except ValueError:
        return None
    whole = (
        report.get('made_from') == made_from
        and all((out / name).is_file() for name in (CAPTIONS, VOCABULARY))
        and (out / IMAGES).is_dir()
        and len(list((out / IMAGES).iterdir())) == report['pictures']
    )
    return report if whole else None


def _stamp(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]
