"""What the captions of sets say: which are shared, which are nearly alike, what a set is like."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from pir_mm.functional.caption_cleaning import caption_words

ROWS = 1024
"""Captions that are compared with all others at a time."""


class SharedCaptions(NamedTuple):
    """What a set shares with another.

    Attributes:
        verbatim: distinct captions of the set, after cleaning, that the other has too.
        near: pairs of a caption of the set and its most similar one in the other, and their
            similarity, for those that the other does not have verbatim; most similar first.
        images: of the set, by row, with the row of the image of the other that shares most of its
            captions, and how many; images that share none are left out.
    """

    verbatim: list[str]
    near: list[tuple[str, str, float]]
    images: dict[int, tuple[int, int]]


class SetCard(NamedTuple):
    """A caption set in numbers.

    Attributes:
        images, captions: how many.
        distinct: captions of different words.
        distinct_per_image: ``distinct / images``, as Zhang et al. (MTGFE) compare sets by.
        repeated_within: images that have a caption twice.
        shared: captions that more than one image has.
        words: of a caption on average.
        longest: words of the longest caption.
        lengths: captions by their number of words.
        vocabulary: distinct words.
        classes: images by class, the largest first; empty where the file names none.
    """

    images: int
    captions: int
    distinct: int
    distinct_per_image: float
    repeated_within: int
    shared: int
    words: float
    longest: int
    lengths: dict[int, int]
    vocabulary: int
    classes: dict[str, int]


def clean_captions(annotations: Sequence[dict]) -> list[list[str]]:
    """The captions of each image as the models read them; empty ones are left out."""
    cleaned = (
        [' '.join(caption_words(sentence['raw'])) for sentence in annotation['sentences']]
        for annotation in annotations
    )
    return [[caption for caption in own if caption] for own in cleaned]


def shared_captions(
    captions: Sequence[Sequence[str]], others: Sequence[Sequence[str]], threshold: float = 0.8
) -> SharedCaptions:
    """Find what the captions of a set share with those of another.

    Args:
        captions: cleaned, of each image of the set.
        others: the same of the other set.
        threshold: lowest similarity of captions that are nearly alike: words that both have by
            words that either has (Jaccard), so that 0.8 is about one word in ten changed.

    Raises:
        ValueError: if ``threshold`` is not above 0 and up to 1.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f'threshold must be above 0 and at most 1, got {threshold}')
    distinct = list(dict.fromkeys(caption for own in captions for caption in own))
    gallery = list(dict.fromkeys(caption for own in others for caption in own))
    known = set(gallery)
    verbatim = [caption for caption in distinct if caption in known]
    rest = [caption for caption in distinct if caption not in known]
    near = [
        (caption, gallery[row], score)
        for caption, (row, score) in zip(rest, _nearest(rest, gallery), strict=True)
        if score >= threshold
    ]
    return SharedCaptions(
        verbatim, sorted(near, key=lambda pair: -pair[2]), co_occurring(captions, others)
    )


def set_card(annotations: Sequence[dict]) -> SetCard:
    """Describe a set.

    Args:
        annotations: of its images, as in a caption file.

    Raises:
        ValueError: if there is no caption.
    """
    captions = clean_captions(annotations)
    all_of_them = [caption for own in captions for caption in own]
    if not all_of_them:
        raise ValueError('the set has no caption')
    images_of = Counter(caption for own in captions for caption in set(own))
    lengths = Counter(len(caption.split()) for caption in all_of_them)
    classes = Counter(a['class'] for a in annotations if a.get('class'))
    return SetCard(
        images=len(captions),
        captions=len(all_of_them),
        distinct=len(images_of),
        distinct_per_image=len(images_of) / len(captions),
        repeated_within=sum(len(set(own)) < len(own) for own in captions),
        shared=sum(images_of[caption] > 1 for caption in all_of_them),
        words=sum(length * count for length, count in lengths.items()) / len(all_of_them),
        longest=max(lengths),
        lengths=dict(sorted(lengths.items())),
        vocabulary=len({word for caption in images_of for word in caption.split()}),
        classes=dict(classes.most_common()),
    )


def _nearest(captions: Sequence[str], gallery: Sequence[str]) -> list[tuple[int, float]]:
    """Row in the gallery and similarity of the most similar caption of each."""
    if not captions or not gallery:
        return [(-1, 0.0)] * len(captions)
    words = {word: n for n, word in enumerate({w for c in gallery for w in c.split()})}
    bags, sizes = _bags(gallery, words)
    found = []
    for start in range(0, len(captions), ROWS):
        own, own_sizes = _bags(captions[start : start + ROWS], words)
        common = own @ bags.T
        score = common / (own_sizes[:, None] + sizes - common)
        best = score.max(dim=1)
        found += zip(best.indices.tolist(), best.values.tolist(), strict=True)
    return found


def _bags(captions: Sequence[str], words: dict[str, int]) -> tuple[Tensor, Tensor]:
    """Which known words each caption has ``(n, W)``, and how many different words it has."""
    bags = torch.zeros(len(captions), len(words))
    sizes = torch.zeros(len(captions))
    for row, caption in enumerate(captions):
        own = set(caption.split())
        sizes[row] = len(own)
        bags[row, [words[word] for word in own if word in words]] = 1
    return bags, sizes


def co_occurring(
    captions: Sequence[Sequence[str]], others: Sequence[Sequence[str]]
) -> dict[int, tuple[int, int]]:
    """Images of a set by row, see ``images`` of :class:`SharedCaptions`."""
    holders = defaultdict(list)
    for row, own in enumerate(others):
        for caption in set(own):
            holders[caption].append(row)
    found = {}
    for row, own in enumerate(captions):
        meets = Counter(other for caption in set(own) for other in holders.get(caption, ()))
        if meets:
            other, count = min(meets.items(), key=lambda pair: (-pair[1], pair[0]))
            found[row] = (other, count)
    return found
