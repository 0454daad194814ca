"""Which training pictures of several sets show or describe what a test set does."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pir_mm.apis.data.auditing import THRESHOLD, audit_pictures
from pir_mm.apis.data.caption_audit import audit_captions, read_caption_set
from pir_mm.datasets.layout import CAPTIONS, IMAGES
from pir_mm.files.weights import file_sha256
from pir_mm.files.writing import atomic_folder, write_json, write_text
from pir_mm.version import __version__

MANIFEST = 'manifest.json'
TOGETHER = 2
"""Captions that a picture must share with one test picture to be taken for the same place."""


def write_manifest(
    train: Sequence[str],
    tests: Sequence[str],
    out: str | Path,
    threshold: float = THRESHOLD,
    together: int = TOGETHER,
) -> dict:
    """Find what must be left out of training sets, so that nothing of the test sets is seen.

    Left out is each training picture that is a near-copy of a test picture, or that shares at least
    ``together`` distinct captions with a single one. A set whose pictures are not there is compared
    by its captions alone, and the manifest says so.

    Args:
        train: such as ``data/rsicd:train``, see
            :func:`pir_mm.apis.data.caption_audit.read_caption_set`.
        tests: the same of every split that is tested or validated on.
        out: folder to write: ``manifest.json``, and for each training set a list for ``leave_out``
            of :class:`pir_mm.CaptionDataset`, named like its folder.
        threshold: agreement from which pictures are near-copies.
        together: as above.

    Returns:
        The manifest: for each training set its number of pictures, the SHA-256 of its caption file,
        whether pictures were compared, and each picture left out with the reason, its partner and
        the agreement or the number of captions.

    Raises:
        FileNotFoundError, ValueError: if a set cannot be read, two training sets have one name, or
            ``together`` is below 2.
    """
    if together < 2:
        raise ValueError(f'together must be at least 2, got {together}')
    names = [_name(what) for what in train]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f'two training sets are called {", ".join(twice)}: rename a folder')
    manifest = {
        'pir_mm': __version__,
        'threshold': threshold,
        'together': together,
        'tests': [_described(what) for what in tests],
        'train': {
            name: _described(what) | {'left_out': _left_out(what, tests, threshold, together)}
            for name, what in zip(names, train, strict=True)
        },
    }
    with atomic_folder(Path(out)) as folder:
        write_json(folder / MANIFEST, manifest)
        for name, part in manifest['train'].items():
            found = sorted({item['picture'] for item in part['left_out']})
            head = f'# {part["set"]}: what {", ".join(tests)} show or describe, too'
            write_text(folder / f'{name}.txt', '\n'.join([head, *found]) + '\n')
    return manifest


def _left_out(what: str, tests: Sequence[str], threshold: float, together: int) -> list[dict]:
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for test in tests:
            report = audit_captions(what, test, Path(folder, 'captions.json'))
            found += [
                {
                    'picture': pair['image'],
                    'reason': f'{pair["captions"]} captions in common',
                    'like': f'{test}/{pair["with"]}',
                }
                for pair in report['together']
                if pair['captions'] >= together
            ]
            if not (_has_pictures(what) and _has_pictures(test)):
                continue
            report = audit_pictures(what, test, Path(folder, 'pictures.json'), threshold=threshold)
            found += [
                {
                    'picture': Path(copy['picture']).relative_to(IMAGES).as_posix(),
                    'reason': f'near-copy, agreement {copy["score"]:.3f}',
                    'like': f'{test}/{Path(copy["copy_of"]).relative_to(IMAGES).as_posix()}',
                }
                for copy in report['copies']
            ]
    return sorted(found, key=lambda item: (item['picture'], item['reason'], item['like']))


def _described(what: str) -> dict:
    place = Path(what if Path(what).exists() else what.rpartition(':')[0])
    captions = place / CAPTIONS if place.is_dir() else place
    return {
        'set': what,
        'pictures': len(read_caption_set(what).annotations),
        'captions_sha256': file_sha256(captions),
        'pictures_compared': _has_pictures(what),
    }


def _has_pictures(what: str) -> bool:
    place = what if Path(what).exists() else what.rpartition(':')[0]
    return os.path.isdir(Path(place) / IMAGES)


def _name(what: str) -> str:
    place = Path(what if Path(what).exists() else what.rpartition(':')[0])
    return place.resolve().name if place.is_dir() else place.stem
