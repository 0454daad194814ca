"""What two sets share that should not be shared."""

import json
import os
from pathlib import Path
import cv2
import numpy as np
import torch
from tqdm import tqdm
from pir_mm.apis.search.embedding import in_background
from pir_mm.apis.data.picture_set import PictureSet, picture_set
from pir_mm.files.pictures import read_picture
from pir_mm.datasets.audit.near_copies import SIDE, Sketches, find_near_copies, sketch
from pir_mm.visualization.pair_sheet import Pair, draw_pairs
from pir_mm.visualization.figure_file import check_ending


THRESHOLD = 0.75
ORIENTATIONS = tuple(
    ', '.join(part for part in (mirrored, turned) if part) or 'upright'
    for mirrored in ('', 'mirrored')
    for turned in ('', 'turned 90', 'turned 180', 'turned 270')
)
CHUNK = 512
SHEET_PAIRS = 60


def audit_pictures(
    pictures: str,
    against: str,
    out: str | Path,
    sheet: str | Path | None = None,
    threshold: float = THRESHOLD,
) -> dict:
    """Find the pictures of a set that have a near-copy in another, and write them as JSON.

    A near-copy shows the same ground at the same time; see
    :func:`pir_mm.datasets.audit.near_copies.find_near_copies` for what it may have gone through. A
    file is no copy of itself, so a set can be audited against itself. Memory: 10 KB a picture.

    The threshold was chosen by looking at RSICD's test pictures beside AID's. RSICD's named
    pictures are the middles, seven eighths of a side, of the AID pictures of the same names: of
    1027 such pairs all but one agree to 0.77 or better, half of them to 0.95. Of the 7946 pairs of
    its training pictures, looked at afterwards, 7914 are found; meadows and deserts are missed.
    Between 0.75 and 0.9 there are also stadiums and parks beside themselves at another time, and
    a few pairs that are merely alike: two stadiums, two bridges. Below 0.75 most are.

    Args:
        pictures: set, as :func:`pir_mm.apis.data.picture_set.picture_set` reads it.
        against: set in which copies are sought; at most eight are listed of a picture.
        out: JSON file.
        sheet: PNG or PDF with up to 60 pairs, taken evenly from the surest to the least sure.
        threshold: lowest agreement, from 0.5 to 1.

    Returns:
        What is written: ``query`` and ``against`` (each ``what``, ``count``, ``broken``, ``flat``),
        ``threshold``, ``copies``, best first, and ``pictures_with_copy``. Turned by its
        ``orientation`` (mirrored left to right, then anticlockwise) ``picture`` lies on
        ``copy_of`` and covers ``zoom`` of its side. A ``flat`` picture has nothing to compare.

    Raises:
        FileNotFoundError, ValueError: if a set cannot be read, has no picture that can, or a value
            is wrong.
    """
    if sheet is not None:
        check_ending(sheet)
    query, other = picture_set(pictures), picture_set(against)
    query_sketches, query_account, query_rows = _read(query)
    other_sketches, other_account, other_rows = _read(other)
    copies = []
    with tqdm(total=len(query_rows), unit='picture', desc='compare', disable=None) as bar:
        for start in range(0, len(query_rows), CHUNK):
            part = Sketches(*(values[start : start + CHUNK] for values in query_sketches))
            found = find_near_copies(part, other_sketches, threshold)
            for mine, theirs, score, orientation, zoom in zip(*found, strict=True):
                pair = query_rows[start + int(mine)], other_rows[int(theirs)]
                copies.append((float(score), *pair, int(orientation), float(zoom)))
            bar.update(len(part.flat))
    copies = [
        copy for copy in copies if not os.path.samefile(query.paths[copy[1]], other.paths[copy[2]])
    ]
    copies.sort(key=lambda copy: (-copy[0], copy[1:3]))
    report = {
        'query': query_account,
        'against': other_account,
        'threshold': threshold,
        'pictures_with_copy': len({mine for _, mine, *_ in copies}),
        'copies': [
            {
                'picture': query.names[mine],
                'copy_of': other.names[theirs],
                'score': round(score, 4),
                'orientation': ORIENTATIONS[orientation],
                'zoom': round(zoom, 3),
            }
            for score, mine, theirs, orientation, zoom in copies
        ],
    }
    _write(report, Path(out))
    if sheet is not None:
        chosen = np.linspace(0, len(copies) - 1, min(len(copies), SHEET_PAIRS)).round().astype(int)
        pairs = [
            Pair(query.paths[mine], other.paths[theirs], turn, f'{score:.3f}, {ORIENTATIONS[turn]}')
            for score, mine, theirs, turn, _ in (copies[i] for i in chosen)
        ]
        heading = f'{len(pairs)} of {len(copies)} near-copies: {pictures} against {against}'
        draw_pairs(heading, pairs, sheet)
    return report


def _read(pictures: PictureSet) -> tuple[Sketches, dict, list[int]]:
    """Sketches of a set, its account, and which of its pictures each sketch is of."""
    parts, rows, broken, grey = [], [], [], []
    read = in_background(_grey, pictures.paths, min(8, os.cpu_count() or 1), 64)
    bar = tqdm(pictures.names, unit='picture', desc=f'read {pictures.what}', disable=None)
    for row, (name, future) in enumerate(zip(bar, read, strict=True)):
        error = future.exception()
        if isinstance(error, FileNotFoundError | ValueError):
            broken.append({'picture': name, 'reason': str(error)})
            continue
        grey.append(future.result())
        rows.append(row)
        if len(grey) == CHUNK:
            parts.append(sketch(torch.from_numpy(np.stack(grey))))
            grey = []
    if grey:
        parts.append(sketch(torch.from_numpy(np.stack(grey))))
    if not parts:
        raise ValueError(f'{pictures.what} has no picture that can be read: {broken[0]["reason"]}')
    sketches = Sketches(*map(torch.cat, zip(*parts, strict=True)))
    flat = [pictures.names[rows[i]] for i in sketches.flat.nonzero().flatten().tolist()]
    account = {'what': pictures.what, 'count': len(pictures.names), 'broken': broken, 'flat': flat}
    return sketches, account, rows


def _grey(path: Path) -> np.ndarray:
    pixels = cv2.cvtColor(read_picture(path, min_side=2 * SIDE), cv2.COLOR_BGR2GRAY)
    return cv2.resize(pixels.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def _write(report: dict, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.name}.{os.getpid()}')
    temporary.write_text(json.dumps(report, indent=1, ensure_ascii=False), encoding='utf-8')
    os.replace(temporary, path)
