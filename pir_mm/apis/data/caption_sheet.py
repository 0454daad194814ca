"""A sheet of pictures whose captions two sets share."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pir_mm.datasets.audit.caption_sets import SharedCaptions
from pir_mm.visualization.pair_sheet import Pair, draw_pairs, evenly

PAIRS = 20
"""Of each kind."""
CAPTIONS = 5
"""Of a pair that shares more."""


class PicturedCaptions(NamedTuple):
    """A set: its name for the reader, and the path and the cleaned captions of each picture."""

    what: str
    paths: Sequence[Path]
    captions: Sequence[Sequence[str]]


def draw_shared(
    query: PicturedCaptions, gallery: PicturedCaptions, shared: SharedCaptions, path: str | Path
) -> None:
    """Draw what a set shares with another, each pair with its captions below it.

    First pictures that share two captions or more with a single one, then captions of both sets
    that stand on none of these, then captions that are nearly alike: twenty of each, taken evenly
    from the most to the least. A caption of several pictures is shown on the first of each set.
    """
    together = list(_together(query, gallery, shared))
    seen = {text for pair in evenly(together, PAIRS) for (text,) in pair.captions}
    rest = [caption for caption in shared.verbatim if caption not in seen]
    verbatim = [_pair(query, gallery, caption, caption) for caption in evenly(rest, PAIRS)]
    near = [
        _pair(query, gallery, caption, like, f'{score:.2f}')
        for caption, like, score in evenly(shared.near, PAIRS)
    ]
    nearly = 'captions that the other set has nearly so, with the share of common words'
    groups = (
        (together, f'{len(together)} pictures that share two captions or more with a single one'),
        (verbatim, f'{len(shared.verbatim)} captions that both sets have word by word'),
        (near, f'{len(shared.near)} {nearly}'),
    )
    pairs = [
        pair._replace(group=f'{min(len(own), PAIRS)} of {what}')
        for own, what in groups
        for pair in evenly(own, PAIRS)
    ]
    draw_pairs(f'{query.what} (left) against {gallery.what} (right)', pairs, path)


def _together(
    query: PicturedCaptions, gallery: PicturedCaptions, shared: SharedCaptions
) -> Iterator[Pair]:
    found = ((-count, row, other) for row, (other, count) in shared.images.items() if count > 1)
    for count, row, other in sorted(found):
        both = set(query.captions[row]) & set(gallery.captions[other])
        texts = [text for text in dict.fromkeys(query.captions[row]) if text in both]
        more = f', {CAPTIONS} of them here' if len(texts) > CAPTIONS else ''
        captions = [(text,) for text in texts[:CAPTIONS]]
        paths = query.paths[row], gallery.paths[other]
        yield Pair(*paths, 0, f'{-count} captions{more}', captions=captions)


def _pair(
    query: PicturedCaptions, gallery: PicturedCaptions, caption: str, like: str, note: str = ''
) -> Pair:
    """The first picture with a caption beside the first with the other."""
    own, others = (
        [path for path, texts in zip(part.paths, part.captions, strict=True) if text in texts]
        for part, text in ((query, caption), (gallery, like))
    )
    counts = f'on {len(own)} picture{"s" * (len(own) > 1)} left, {len(others)} right'
    both = (caption,) if caption == like else (caption, like)
    return Pair(own[0], others[0], 0, f'{note}; {counts}' if note else counts, captions=[both])
