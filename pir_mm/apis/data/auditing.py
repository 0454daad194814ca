"""Finding the near-copies of one set of pictures in another."""

import os
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from tqdm import tqdm

from pir_mm.apis.data.picture_set import PictureSet, read_picture_set
from pir_mm.apis.search.picture_reading import READERS, in_background
from pir_mm.datasets.audit.near_copies import SIDE, Descriptors, describe, find_near_copies
from pir_mm.files.pictures import read_picture
from pir_mm.files.writing import write_json, write_text
from pir_mm.visualization.figure_file import check_ending
from pir_mm.visualization.pair_sheet import Pair, draw_pairs, evenly

THRESHOLD = 0.75
ORIENTATIONS = tuple(
    ', '.join(part for part in (mirrored, turned) if part) or 'upright'
    for mirrored in ('', 'mirrored')
    for turned in ('', 'turned 90', 'turned 180', 'turned 270')
)
CHUNK = 512
SHEET_PAIRS = 60


class DescribedSet(NamedTuple):
    """A set of pictures with its descriptors.

    Attributes:
        pictures: the set.
        descriptors: of those pictures that can be decoded.
        rows: row in ``pictures`` of each descriptor.
        summary: ``what``, ``count``, ``broken`` and ``flat``, as in the report.
    """

    pictures: PictureSet
    descriptors: Descriptors
    rows: list[int]
    summary: dict


class Copy(NamedTuple):
    """A pair of near-copies: rows of the query and of its partner in their picture sets."""

    score: float
    query: int
    gallery: int
    orientation: int
    zoom: float


def audit_pictures(
    pictures: str,
    against: str,
    out: str | Path,
    sheet: str | Path | None = None,
    threshold: float = THRESHOLD,
    names: str | Path | None = None,
) -> dict:
    """Find the pictures of a set that have a near-copy in another set, and write them as JSON.

    A near-copy shows the same ground at the same time;
    :func:`pir_mm.datasets.audit.near_copies.find_near_copies` says which changes are found. A file
    is not a copy of itself, so a set can be audited against itself. Memory: 10 KB a picture.

    The threshold was chosen by looking at test pictures of RSICD beside pictures of AID. The named
    pictures of RSICD are the middles, seven eighths of a side, of the AID pictures with the same
    names. Of 1027 such pairs all but one have an agreement of at least 0.77, half of them of at
    least 0.95. Of the 7946 pairs of its training pictures, which were looked at afterwards, 7914
    are found; meadows and deserts are missed. Between 0.75 and 0.9 there are also stadiums and
    parks paired with themselves at another time, and a few pairs that only look alike: two
    stadiums, two bridges. Below 0.75 most pairs are of that kind.

    Args:
        pictures: the queries, as :func:`pir_mm.apis.data.picture_set.read_picture_set` reads them.
        against: the set in which copies are searched; at most eight are listed for a picture.
        out: JSON file to write.
        sheet: PNG or PDF file with up to 60 pairs, taken evenly from the best to the worst.
        threshold: lowest agreement, from 0.5 to 1.
        names: text file with the names alone, a line each, for ``leave_out`` of
            :class:`pir_mm.SceneFolder`.

    Returns:
        The content of ``out``: ``query`` and ``against`` (each ``what``, ``count``, ``broken``,
        ``flat``), ``threshold``, ``copies`` with the best first, and ``pictures_with_copy``. After
        its ``orientation`` (mirrored left to right, then turned anticlockwise), ``picture`` lies on
        ``copy_of`` and covers ``zoom`` of its side. A ``flat`` picture has no detail to compare.

    Raises:
        FileNotFoundError, ValueError: if a set cannot be read or has no readable picture, or an
            argument is out of range.
    """
    if sheet is not None:
        check_ending(sheet)
    query, gallery = (describe_set(read_picture_set(what)) for what in (pictures, against))
    copies = compare_sets(query, gallery, threshold)
    report = _report(query, gallery, threshold, copies)
    write_json(Path(out), report)
    if names is not None:
        lines = [f'# {pictures}: pictures with a near-copy in {against}, from {threshold:g}']
        lines += sorted({copy['picture'] for copy in report['copies']})
        write_text(Path(names), '\n'.join(lines) + '\n')
    if sheet is not None:
        _draw(copies, query.pictures, gallery.pictures, sheet)
    return report


def describe_set(pictures: PictureSet) -> DescribedSet:
    """Decode and describe all pictures of a set, ``CHUNK`` at a time."""
    parts, rows, broken, grey = [], [], [], []
    decoded = in_background(_grey, pictures.paths, READERS, 64)
    bar = tqdm(pictures.names, unit='picture', desc=f'read {pictures.what}', disable=None)
    for row, (name, future) in enumerate(zip(bar, decoded, strict=True)):
        error = future.exception()
        if isinstance(error, FileNotFoundError | ValueError):
            broken.append({'picture': name, 'reason': str(error)})
            continue
        grey.append(future.result())
        rows.append(row)
        if len(grey) == CHUNK:
            parts.append(describe(torch.from_numpy(np.stack(grey))))
            grey = []
    if grey:
        parts.append(describe(torch.from_numpy(np.stack(grey))))
    if not parts:
        raise ValueError(f'{pictures.what} has no picture that can be read: {broken[0]["reason"]}')
    descriptors = Descriptors(*map(torch.cat, zip(*parts, strict=True)))
    flat = [pictures.names[rows[i]] for i in descriptors.flat.nonzero().flatten().tolist()]
    summary = {'what': pictures.what, 'count': len(pictures.names), 'broken': broken, 'flat': flat}
    return DescribedSet(pictures, descriptors, rows, summary)


def _grey(path: Path) -> np.ndarray:
    pixels = cv2.cvtColor(read_picture(path, min_side=2 * SIDE), cv2.COLOR_BGR2GRAY)
    return cv2.resize(pixels.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def compare_sets(query: DescribedSet, gallery: DescribedSet, threshold: float) -> list[Copy]:
    """All near-copies, the best first, without pairs of a file and itself."""
    copies = []
    with tqdm(total=len(query.rows), unit='picture', desc='compare', disable=None) as bar:
        for start in range(0, len(query.rows), CHUNK):
            part = Descriptors(*(values[start : start + CHUNK] for values in query.descriptors))
            found = find_near_copies(part, gallery.descriptors, threshold)
            for own, other, score, orientation, zoom in zip(*found, strict=True):
                rows = query.rows[start + int(own)], gallery.rows[int(other)]
                copies.append(Copy(float(score), *rows, int(orientation), float(zoom)))
            bar.update(len(part.flat))
    paths, gallery_paths = query.pictures.paths, gallery.pictures.paths
    copies = [c for c in copies if not os.path.samefile(paths[c.query], gallery_paths[c.gallery])]
    return sorted(copies, key=lambda copy: (-copy.score, copy.query, copy.gallery))


def _report(
    query: DescribedSet, gallery: DescribedSet, threshold: float, copies: list[Copy]
) -> dict:
    return {
        'query': query.summary,
        'against': gallery.summary,
        'threshold': threshold,
        'pictures_with_copy': len({copy.query for copy in copies}),
        'copies': [
            {
                'picture': query.pictures.names[copy.query],
                'copy_of': gallery.pictures.names[copy.gallery],
                'score': round(copy.score, 4),
                'orientation': ORIENTATIONS[copy.orientation],
                'zoom': round(copy.zoom, 3),
            }
            for copy in copies
        ],
    }


def _draw(copies: list[Copy], query: PictureSet, gallery: PictureSet, sheet: str | Path) -> None:
    """Draw up to ``SHEET_PAIRS`` pairs, taken evenly from the best to the worst."""
    pairs = [
        Pair(
            query.paths[copy.query],
            gallery.paths[copy.gallery],
            copy.orientation,
            f'{copy.score:.3f}, {ORIENTATIONS[copy.orientation]}',
        )
        for copy in evenly(copies, SHEET_PAIRS)
    ]
    heading = f'{len(pairs)} of {len(copies)} near-copies: {query.what} against {gallery.what}'
    draw_pairs(heading, pairs, sheet)
