"""Which captions two sets share, and a card of a set."""

from dataclasses import dataclass
from pathlib import Path

import torch

from pir_mm.apis.data.caption_sheet import PicturedCaptions, draw_shared
from pir_mm.datasets.audit.caption_sets import clean_captions, set_card, shared_captions
from pir_mm.datasets.caption_file import read_caption_file
from pir_mm.datasets.layout import CAPTIONS, IMAGES
from pir_mm.files.writing import write_json
from pir_mm.functional.recall import recall_ceiling
from pir_mm.visualization.figure_file import check_ending

EXAMPLES = 50


@dataclass(frozen=True)
class CaptionSet:
    """The annotations of a set or of its split.

    Attributes:
        what: the set as the user gave it.
        file: that they come from.
        folder: of the prepared set; ``None`` if a caption file was given.
        annotations: as in the file.
    """

    what: str
    file: Path
    folder: Path | None
    annotations: list[dict]


def read_caption_set(what: str) -> CaptionSet:
    """Read ``PLACE[:SPLIT]``; ``PLACE`` is a prepared folder or a caption file.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no caption file, or has no such split.
    """
    place, split = what, ''
    if not Path(what).exists() and ':' in what:
        place, _, split = what.rpartition(':')
    folder = Path(place) if Path(place).is_dir() else None
    file = Path(place) if folder is None else folder / CAPTIONS
    annotations = read_caption_file(file)
    if split:
        known = sorted({annotation['split'] for annotation in annotations})
        if split not in known:
            raise ValueError(f'{place} has the splits {", ".join(known)}, not {split!r}')
        annotations = [a for a in annotations if a['split'] == split]
    return CaptionSet(what, file, folder, annotations)


def audit_captions(
    captions: str,
    against: str,
    out: str | Path,
    threshold: float = 0.8,
    sheet: str | Path | None = None,
) -> dict:
    """Find the captions of a set that another set has too, word by word or nearly so.

    Args:
        captions: the set to check, see :func:`read_caption_set`.
        against: the set among whose captions is searched.
        out: ``.json`` file for the report.
        threshold: as in :func:`pir_mm.datasets.audit.caption_sets.shared_captions`.
        sheet: PNG or PDF file with pairs of pictures and the captions that they share, see
            :func:`pir_mm.apis.data.caption_sheet.draw_shared`.

    Returns:
        The report. ``images_that_share`` and ``images_that_share_two`` count images of the set with
        at least one, and at least two, captions of a single image of the other; the second is a
        sign that both show the same place.

    Raises:
        FileNotFoundError, ValueError: as in :func:`read_caption_set`, or if there are no pictures
            for a sheet.
    """
    query, gallery = read_caption_set(captions), read_caption_set(against)
    if sheet is not None:
        check_ending(sheet)
        paths = _pictures(query), _pictures(gallery)
    own, others = clean_captions(query.annotations), clean_captions(gallery.annotations)
    shared = shared_captions(own, others, threshold)
    distinct = {caption for image in own for caption in image}
    report = {
        'captions': query.what,
        'against': gallery.what,
        'distinct': len(distinct),
        'verbatim': len(shared.verbatim),
        'near': len(shared.near),
        'threshold': threshold,
        'images': len(own),
        'images_that_share': len(shared.images),
        'images_that_share_two': sum(count > 1 for _, count in shared.images.values()),
        'examples_verbatim': shared.verbatim[:EXAMPLES],
        'examples_near': [
            {'caption': a, 'like': b, 'similarity': round(score, 4)}
            for a, b, score in shared.near[:EXAMPLES]
        ],
        'together': [
            {'image': a, 'with': b, 'captions': count}
            for count, a, b in images_together(query, gallery, shared.images)
        ],
    }
    write_json(Path(out), report)
    if sheet is not None:
        left, right = (
            PicturedCaptions(part.what, own, texts)
            for part, own, texts in zip((query, gallery), paths, (own, others), strict=True)
        )
        draw_shared(left, right, shared, sheet)
    return report


def _pictures(given: CaptionSet) -> list[Path]:
    if given.folder is None:
        raise ValueError(
            f'a sheet shows pictures, and {given.what} is a file of captions: give the prepared '
            'folder, or leave out --sheet'
        )
    return [given.folder / IMAGES / annotation['filename'] for annotation in given.annotations]


def images_together(
    query: CaptionSet, gallery: CaptionSet, found: dict[int, tuple[int, int]], least: int = 2
) -> list[tuple[int, str, str]]:
    """Images that share several captions with one of another set, most first.

    Args:
        query: the set of the images.
        gallery: the other.
        found: what :func:`pir_mm.datasets.audit.caption_sets.co_occurring` gives for them.
        least: number of captions from which they count.

    Returns:
        Number of captions, name of the image, name of the other.
    """
    names, others = ([a['filename'] for a in part.annotations] for part in (query, gallery))
    pairs = [(count, names[row], others[other]) for row, (other, count) in found.items()]
    return sorted((p for p in pairs if p[0] >= least), key=lambda pair: (-pair[0], pair[1]))


def data_card(captions: str, out: str | Path | None = None) -> dict:
    """A set in numbers: sizes, lengths, classes, and the best recall that its captions allow.

    Args:
        captions: the set, see :func:`read_caption_set`.
        out: ``.json`` file for the card.

    Raises:
        FileNotFoundError, ValueError: as in :func:`read_caption_set`.
    """
    given = read_caption_set(captions)
    own = clean_captions(given.annotations)
    ids: dict[str, int] = {}
    text_id = [ids.setdefault(caption, len(ids)) for image in own for caption in image]
    counts = torch.tensor([len(image) for image in own])
    image_of_text = torch.arange(len(own)).repeat_interleave(counts)
    card = {
        'set': given.what,
        **set_card(given.annotations)._asdict(),
        'ceiling': recall_ceiling(image_of_text, torch.tensor(text_id), (1, 5, 10)),
    }
    if out is not None:
        write_json(Path(out), card)
    return card
