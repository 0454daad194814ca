"""Pictures of annotations: finding their files and copying them."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from pir_mm.datasets.preparation.problems import PictureProblems
from pir_mm.files.archives import AmbiguousNameError, Picture, PictureStore
from pir_mm.files.names import first_few, shortest_names
from pir_mm.files.pictures import read_picture


class Match(NamedTuple):
    """An annotation, its picture file, and the path below ``images/`` where it will be stored."""

    annotation: dict
    picture: Picture
    stored: str


def match_pictures(
    annotations: list[dict], store: PictureStore, problems: PictureProblems
) -> list[Match]:
    """Find the picture of each annotation, and the name under which it will be stored.

    Without a picture it becomes a problem of kind ``missing``, with several of kind ``ambiguous``.
    Key ``file_in_zip`` of an annotation is used before ``filename``. A picture is stored under its
    file name; where folders hold equal names, under as much of its path as tells them apart. Names
    that mean one picture are one annotation, with the captions of all and the split of the first.

    Raises:
        ValueError: if there are problems and they are not allowed.
    """
    found: dict[Picture, dict] = {}
    missing, ambiguous, other_names = [], [], []
    for annotation in annotations:
        filename = annotation['filename']
        try:
            picture = store.find(annotation.get('file_in_zip') or filename)
        except AmbiguousNameError as error:
            ambiguous.append(str(error))
            continue
        if picture is None:
            missing.append(_missing(filename, store))
            continue
        if picture in found:
            other_names.append(filename)
            annotation = _joined(found[picture], annotation)
        found[picture] = annotation
    if other_names:
        problems.log(
            f'{len(other_names)} names mean pictures that are named before, and their captions are '
            f'joined: {first_few(other_names)}'
        )
    problems.add('missing', missing)
    problems.add('ambiguous', ambiguous)
    stored = shortest_names([f'{p.container.with_suffix("")}/{p.path}' for p in found])
    return [Match(found[p], p, name) for p, name in zip(found, stored, strict=True)]


def _joined(first: dict, second: dict) -> dict:
    known = {sentence['raw'] for sentence in first['sentences']}
    more = [sentence for sentence in second['sentences'] if sentence['raw'] not in known]
    return {**first, 'sentences': [*first['sentences'], *more]}


def _missing(filename: str, store: PictureStore) -> str:
    like = store.like(filename)
    return filename if like is None else f'{filename} ({like.path} is in another folder)'


def copy_pictures(
    store: PictureStore, matched: list[Match], folder: Path, problems: PictureProblems
) -> list[Match]:
    """Copy the pictures unchanged into a new folder, and decode each of them once.

    A picture that cannot be decoded becomes a problem of kind ``broken``.

    Returns:
        The part of ``matched`` that is not broken.
    """

    def copy(match: Match) -> str | None:
        picture, target = match.picture, folder / match.stored
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(store.read(picture))
            read_picture(target)
        except ValueError as error:
            target.unlink(missing_ok=True)
            return str(error).replace(str(target), str(picture))
        return None

    folder.mkdir()
    # Two threads are enough: decoding and writing release Python's lock.
    with ThreadPoolExecutor(2) as pool:
        results = pool.map(copy, matched)
        reasons = list(tqdm(results, total=len(matched), desc='pictures', disable=None))
    problems.add('broken', [reason for reason in reasons if reason])
    return [match for match, reason in zip(matched, reasons, strict=True) if reason is None]
