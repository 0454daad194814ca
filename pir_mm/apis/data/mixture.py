"""Which training pictures of several sets show or describe what a test set does."""

from collections.abc import Sequence
from pathlib import Path

from pir_mm.apis.data.auditing import THRESHOLD, DescribedSet, compare_sets, describe_set
from pir_mm.apis.data.caption_audit import CaptionSet, images_together, read_caption_set
from pir_mm.apis.data.picture_set import read_picture_set
from pir_mm.datasets.audit.caption_sets import clean_captions, co_occurring
from pir_mm.datasets.layout import IMAGES
from pir_mm.files.checksums import file_sha256
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
            ``together`` is below 1.
    """
    if together < 1:
        raise ValueError(f'together must be at least 1, got {together}')
    sets = {what: read_caption_set(what) for what in (*train, *tests)}
    names = [_name(sets[what]) for what in train]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f'two training sets are called {", ".join(twice)}: rename a folder')
    pictures = {
        what: describe_set(read_picture_set(what)) for what in sets if _has_pictures(sets[what])
    }
    manifest = {
        'pir_mm': __version__,
        'threshold': threshold,
        'together': together,
        'tests': [_described(sets[what]) for what in tests],
        'train': {},
    }
    for name, what in zip(names, train, strict=True):
        left_out = []
        for test in tests:
            left_out += _by_captions(sets[what], sets[test], together)
            if what in pictures and test in pictures:
                left_out += _by_pictures(pictures[what], pictures[test], threshold)
        left_out.sort(key=lambda item: (item['picture'], item['reason'], item['like']))
        manifest['train'][name] = _described(sets[what]) | {'left_out': left_out}
    with atomic_folder(Path(out)) as folder:
        write_json(folder / MANIFEST, manifest)
        for name, part in manifest['train'].items():
            found = sorted({item['picture'] for item in part['left_out']})
            head = f'# {part["set"]}: what {", ".join(tests)} show or describe, too'
            write_text(folder / f'{name}.txt', '\n'.join([head, *found]) + '\n')
    return manifest


def _by_captions(train: CaptionSet, test: CaptionSet, together: int) -> list[dict]:
    found = co_occurring(clean_captions(train.annotations), clean_captions(test.annotations))
    return [
        {
            'picture': picture,
            'reason': f'{count} caption{"s" * (count > 1)} in common',
            'like': f'{test.what}/{other}',
        }
        for count, picture, other in images_together(train, test, found, together)
    ]


def _by_pictures(train: DescribedSet, test: DescribedSet, threshold: float) -> list[dict]:
    names = [
        [Path(name).relative_to(IMAGES).as_posix() for name in part.pictures.names]
        for part in (train, test)
    ]
    return [
        {
            'picture': names[0][copy.query],
            'reason': f'near-copy, agreement {copy.score:.3f}',
            'like': f'{test.pictures.what}/{names[1][copy.gallery]}',
        }
        for copy in compare_sets(train, test, threshold)
    ]


def _described(given: CaptionSet) -> dict:
    return {
        'set': given.what,
        'pictures': len(given.annotations),
        'captions_sha256': file_sha256(given.file),
        'pictures_compared': _has_pictures(given),
    }


def _has_pictures(given: CaptionSet) -> bool:
    return given.folder is not None and (given.folder / IMAGES).is_dir()


def _name(given: CaptionSet) -> str:
    return given.file.stem if given.folder is None else given.folder.resolve().name
