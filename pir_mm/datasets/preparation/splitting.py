"""Which pictures are for training, validation and test."""

import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from pir_mm.datasets.caption_file import read_caption_file
from pir_mm.datasets.layout import SPLITS
from pir_mm.datasets.preparation.caption_tables import read_own_captions


@dataclass(frozen=True)
class Benchmark:
    """Where a set's split stands in its caption file, and how many pictures each split has."""

    splits: dict[str, int]
    split_key: str = 'split'


PUBLISHED = {
    'rsicd': Benchmark({'train': 8734, 'val': 1094, 'test': 1093}),
    'ucm': Benchmark({'train': 1680, 'val': 210, 'test': 210}),
    'rsitmd': Benchmark({'train': 3432, 'val': 859, 'test': 452}, split_key='split_3way'),
    'sydney': Benchmark({'train': 497, 'val': 58, 'test': 58}),
}


def read_entries(
    name: str, path: Path, seed: int, allow_other_sizes: bool
) -> tuple[list[dict], str]:
    """Entries of a caption file with their splits, and where these come from.

    Raises:
        ValueError: if the file is not as it should be, or the splits of a published set have other
            sizes than published and that is not allowed.
    """
    if name not in PUBLISHED:
        return own_splits(read_own_captions(path), seed)
    benchmark = PUBLISHED[name]
    entries, origin = published_splits(read_caption_file(path), benchmark, seed)
    sizes = split_sizes(entries)
    if sizes != benchmark.splits and not allow_other_sizes:
        raise ValueError(
            f'{path} has {sizes} pictures, published are {benchmark.splits}: take the whole file '
            f'of {name}, or go on by --allow-missing'
        )
    return entries, origin


def published_splits(
    entries: list[dict], benchmark: Benchmark, seed: int
) -> tuple[list[dict], str]:
    """Entries with ``split`` set as published, and how that came about in a word.

    A file without the three-way key has its validation pictures drawn from its training ones.
    """
    key = benchmark.split_key
    if all(isinstance(entry.get(key), str) for entry in entries):
        return [{**entry, 'split': entry[key]} for entry in entries], f'key {key}'
    train = [number for number, entry in enumerate(entries) if entry['split'] == 'train']
    count = min(benchmark.splits['val'], len(train) // 2)
    drawn = set(random.Random(seed).sample(train, count))
    chosen = [{**e, 'split': 'val' if n in drawn else e['split']} for n, e in enumerate(entries)]
    return chosen, f'key split, {count} of train drawn for val with seed {seed}'


def own_splits(entries: list[dict], seed: int) -> tuple[list[dict], str]:
    """Entries with the splits they have, or 80 / 10 / 10 percent drawn by picture.

    Raises:
        ValueError: if only some have one, one is unknown, or there are fewer than 3 to draw from.
    """
    without = [entry for entry in entries if not entry.get('split')]
    if not without:
        for entry in entries:
            if entry['split'] not in SPLITS:
                raise ValueError(
                    f'the picture {entry["filename"]} is of split {entry["split"]!r}; '
                    f'wanted one of {", ".join(SPLITS)}'
                )
        return entries, 'given'
    if len(without) < len(entries):
        raise ValueError(
            f'{len(without)} of {len(entries)} pictures have no split, {without[0]["filename"]} '
            'first: give all of them one, or none'
        )
    if len(entries) < 3:
        raise ValueError(f'a split needs at least 3 pictures, got {len(entries)}')
    order = list(range(len(entries)))
    random.Random(seed).shuffle(order)
    tenth = max(1, round(len(entries) / 10))
    names = dict.fromkeys(order[:tenth], 'val') | dict.fromkeys(order[tenth : 2 * tenth], 'test')
    chosen = [{**entry, 'split': names.get(n, 'train')} for n, entry in enumerate(entries)]
    return chosen, f'drawn with seed {seed}'


def split_sizes(entries: list[dict]) -> dict[str, int]:
    """Number of pictures of each split, train, val, test first."""
    counts = Counter(entry['split'] for entry in entries)
    return {split: counts[split] for split in (*SPLITS, *sorted(set(counts) - set(SPLITS)))}
