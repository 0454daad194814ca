"""Annotations of a data set: finding their file, reading them, splitting them, dropping blanks.

An annotation is one picture of a caption file: ``filename``, ``sentences``, ``split``, ``class``.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pir_mm.datasets.caption_file import read_caption_file
from pir_mm.datasets.layout import SPLITS
from pir_mm.datasets.preparation.caption_tables import read_own_captions
from pir_mm.datasets.preparation.problems import PictureProblems
from pir_mm.files.walking import find_files
from pir_mm.functional.caption_cleaning import caption_words


@dataclass(frozen=True)
class PublishedSet:
    """Number of pictures in each split of a published set, and the key that holds the split."""

    splits: dict[str, int]
    split_key: str = 'split'


PUBLISHED_SETS = {
    'rsicd': PublishedSet({'train': 8734, 'val': 1094, 'test': 1093}),
    'ucm': PublishedSet({'train': 1680, 'val': 210, 'test': 210}),
    'rsitmd': PublishedSet({'train': 3432, 'val': 859, 'test': 452}, split_key='split_3way'),
    'sydney': PublishedSet({'train': 497, 'val': 58, 'test': 58}),
}


def find_caption_file(source: Path, name: str, out: Path) -> Path:
    """Find the ``.json`` file under ``source`` that holds the captions.

    Args:
        source: folder to search. Folder ``out`` in it is not searched.
        name: name of the set; of several files, the one with this in its name is taken.
        out: folder of the prepared set.

    Raises:
        FileNotFoundError: if there is no ``.json`` file.
        ValueError: if there are several, and not exactly one of them is named after the set.
    """
    files = [p for p in find_files([source], leave_out=[out]) if p.suffix.lower() == '.json']
    named = [path for path in files if name in path.stem.lower()]
    if not files:
        raise FileNotFoundError(
            f'{source} has no .json file with captions: put dataset_{name}.json there'
        )
    chosen = named if len(named) == 1 else files
    if len(chosen) > 1:
        raise ValueError(
            f'{source} has {len(chosen)} .json files ({", ".join(f.name for f in chosen[:5])}): '
            f'choose one by --captions'
        )
    return chosen[0]


def read_annotations(
    name: str, path: Path, seed: int, allow_other_sizes: bool, log: Callable[[str], None] = print
) -> tuple[list[dict], str]:
    """Read the annotations of a set with their splits.

    Args:
        name: a key of ``PUBLISHED_SETS``; any other name means the user's own captions.
        path: caption file.
        seed: of splits that are drawn at random.
        allow_other_sizes: accept a published set with other split sizes than published.
        log: is called with each line for the user.

    Returns:
        The annotations, and a few words on where their splits come from.

    Raises:
        ValueError: if the file has another form, or the split sizes differ and may not.
    """
    if name not in PUBLISHED_SETS:
        return own_splits(read_own_captions(path, log), seed)
    published = PUBLISHED_SETS[name]
    annotations, splits_from = published_splits(read_caption_file(path), published, seed)
    sizes = split_sizes(annotations)
    if sizes != published.splits and not allow_other_sizes:
        raise ValueError(
            f'{path} has {sizes} pictures, published are {published.splits}: use the complete file '
            f'of {name}, or go on by --allow-missing'
        )
    return annotations, splits_from


def published_splits(
    annotations: list[dict], published: PublishedSet, seed: int
) -> tuple[list[dict], str]:
    """Set ``split`` of each annotation as published; also say where the splits come from.

    If the key of the published splits is absent (RSITMD files with train and test only), the
    validation pictures are drawn from the training pictures at random.
    """
    key = published.split_key
    if all(isinstance(annotation.get(key), str) for annotation in annotations):
        return [
            {**annotation, 'split': annotation[key]} for annotation in annotations
        ], f'key {key}'
    train = [n for n, annotation in enumerate(annotations) if annotation['split'] == 'train']
    count = min(published.splits['val'], len(train) // 2)
    drawn = set(random.Random(seed).sample(train, count))
    split = [
        {**annotation, 'split': 'val'} if number in drawn else dict(annotation)
        for number, annotation in enumerate(annotations)
    ]
    return split, f'key split, {count} of train drawn for val with seed {seed}'


def own_splits(annotations: list[dict], seed: int) -> tuple[list[dict], str]:
    """Keep the splits that the annotations have, or draw 80 / 10 / 10 percent of the pictures.

    Also returns where the splits come from.

    Raises:
        ValueError: if only a part has a split, if one is unknown, or if splits must be drawn from
            fewer than 3 pictures.
    """
    without = [annotation for annotation in annotations if not annotation.get('split')]
    if not without:
        _check_split_names(annotations)
        return annotations, 'given'
    if len(without) < len(annotations):
        raise ValueError(
            f'{len(without)} of {len(annotations)} pictures have no split, the first is '
            f'{without[0]["filename"]}: give a split to all of them, or to none'
        )
    if len(annotations) < 3:
        raise ValueError(f'a split needs at least 3 pictures, got {len(annotations)}')
    order = list(range(len(annotations)))
    random.Random(seed).shuffle(order)
    tenth = max(1, round(len(annotations) / 10))
    names = dict.fromkeys(order[:tenth], 'val') | dict.fromkeys(order[tenth : 2 * tenth], 'test')
    drawn = [{**a, 'split': names.get(number, 'train')} for number, a in enumerate(annotations)]
    return drawn, f'drawn with seed {seed}'


def _check_split_names(annotations: list[dict]) -> None:
    for annotation in annotations:
        if annotation['split'] not in SPLITS:
            raise ValueError(
                f'the picture {annotation["filename"]} has split {annotation["split"]!r}; '
                f'it must be one of {", ".join(SPLITS)}'
            )


def split_sizes(annotations: list[dict]) -> dict[str, int]:
    """Number of pictures in each split: train, val and test first, then other names sorted."""
    counts = Counter(annotation['split'] for annotation in annotations)
    return {split: counts[split] for split in (*SPLITS, *sorted(set(counts) - set(SPLITS)))}


def drop_empty_captions(
    annotations: list[dict], problems: PictureProblems
) -> tuple[list[dict], list[str]]:
    """Drop captions without a word. A picture that has no other caption becomes a problem.

    Three of the 54,605 captions of RSICD are only a full stop.

    Returns:
        The annotations that keep a caption, and a list of the dropped captions, such as
        ``'1.jpg, caption 0'``.
    """
    kept, dropped, without_caption = [], [], []
    for annotation in annotations:
        words = [caption_words(sentence['raw']) for sentence in annotation['sentences']]
        dropped += [f'{annotation["filename"]}, caption {n}' for n, w in enumerate(words) if not w]
        sentences = [s for s, w in zip(annotation['sentences'], words, strict=True) if w]
        if sentences:
            kept.append({**annotation, 'sentences': sentences})
        else:
            without_caption.append(annotation['filename'])
    problems.add('without caption', without_caption)
    return kept, dropped
