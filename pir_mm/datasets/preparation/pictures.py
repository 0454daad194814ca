"""Pictures of annotations: finding their files and copying them."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from pir_mm.datasets.preparation.problems import PictureProblems
from pir_mm.files.archives import Picture, PictureStore
from pir_mm.files.pictures import read_picture

Matched = list[tuple[dict, Picture]]
"""Annotations, each with its picture file."""


def match_pictures(
    annotations: list[dict], store: PictureStore, problems: PictureProblems
) -> Matched:
    """Find the picture of each annotation; those without one become problems of kind ``missing``.

    Key ``file_in_zip`` of an annotation is used before ``filename``.

    Raises:
        ValueError: if two annotations would be stored under one file name, or if pictures are
            missing and that is not allowed.
    """
    matched, missing = [], []
    filename_of: dict[str, str] = {}
    for annotation in annotations:
        picture = store.find(annotation.get('file_in_zip') or annotation['filename'])
        if picture is None:
            missing.append(annotation['filename'])
            continue
        if picture.name in filename_of:
            raise ValueError(
                f'{filename_of[picture.name]} and {annotation["filename"]} would both be stored as '
                f'{picture.name}: rename one of them, in the folder and in the caption file'
            )
        filename_of[picture.name] = annotation['filename']
        matched.append((annotation, picture))
    problems.add('missing', missing)
    return matched


def copy_pictures(
    store: PictureStore, matched: Matched, folder: Path, problems: PictureProblems
) -> Matched:
    """Copy the pictures unchanged into a new folder, and decode each of them once.

    A picture that cannot be decoded becomes a problem of kind ``broken``.

    Returns:
        The part of ``matched`` that is not broken.
    """

    def copy(picture: Picture) -> str | None:
        target = folder / picture.name
        try:
            target.write_bytes(store.read(picture))
            read_picture(target)
        except ValueError as error:
            target.unlink(missing_ok=True)
            return str(error).replace(str(target), str(picture))
        return None

    folder.mkdir()
    # Two threads are enough: decoding and writing release Python's lock.
    with ThreadPoolExecutor(2) as pool:
        results = pool.map(copy, [picture for _, picture in matched])
        reasons = list(tqdm(results, total=len(matched), desc='pictures', disable=None))
    problems.add('broken', [reason for reason in reasons if reason])
    return [pair for pair, reason in zip(matched, reasons, strict=True) if reason is None]
