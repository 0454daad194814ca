"""The public benchmarks as they are published."""

from dataclasses import dataclass


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
