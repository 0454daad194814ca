"""Splits."""

import json

import pytest

from pir_mm.datasets.layout import BENCHMARKS
from pir_mm.datasets.preparation.splitting import (
    PUBLISHED,
    Benchmark,
    own_splits,
    published_splits,
    read_entries,
    split_sizes,
)


def test_sizes_add_up_to_the_published_totals():
    totals = {name: sum(benchmark.splits.values()) for name, benchmark in PUBLISHED.items()}
    assert totals == {'rsicd': 10921, 'ucm': 2100, 'rsitmd': 4743, 'sydney': 613}
    assert tuple(PUBLISHED) == BENCHMARKS


def entries(count, **keys):
    return [{'filename': f'{n}.jpg', **keys} for n in range(count)]


@pytest.mark.parametrize(
    ('count', 'sizes'), [(3, (1, 1, 1)), (14, (12, 1, 1)), (200, (160, 20, 20))]
)
def test_draws_a_tenth_each(count, sizes):
    chosen, origin = own_splits(entries(count), seed=4)
    assert tuple(split_sizes(chosen).values()) == sizes
    assert [entry['filename'] for entry in chosen] == [f'{n}.jpg' for n in range(count)]
    assert own_splits(entries(count), seed=4)[0] == chosen
    assert origin == 'drawn with seed 4'
    if count == 200:
        assert own_splits(entries(count), seed=5)[0] != chosen


def test_keeps_splits_that_are_given():
    given = entries(2, split='val') + entries(1, split='train')
    assert own_splits(given, seed=0) == (given, 'given')


@pytest.mark.parametrize(
    ('given', 'reason'),
    [
        (entries(2), 'at least 3 pictures, got 2'),
        (
            entries(3) + [{'filename': 'x', 'split': 'val'}],
            '3 of 4 pictures have no split, 0.jpg f',
        ),
        (entries(1, split='dev'), "0.jpg is of split 'dev'; wanted one of train, val, test"),
    ],
)
def test_refuses_half_a_split(given, reason):
    with pytest.raises(ValueError, match=reason):
        own_splits(given, seed=0)


def test_takes_the_published_key():
    given = entries(1, split='train', split_3way='val')
    chosen, origin = published_splits(given, PUBLISHED['rsitmd'], seed=0)
    assert (chosen[0]['split'], origin) == ('val', 'key split_3way')


def test_draws_validation_pictures_where_there_are_none():
    given = entries(20, split='train') + entries(5, split='test')
    benchmark = Benchmark({'train': 17, 'val': 3, 'test': 5}, 'split_3way')
    chosen, origin = published_splits(given, benchmark, seed=1)
    assert split_sizes(chosen) == benchmark.splits
    assert origin == 'key split, 3 of train drawn for val with seed 1'
    assert published_splits(given, benchmark, seed=1)[0] == chosen


def test_compares_with_the_published_sizes(tmp_path):
    path = tmp_path / 'a.json'
    images = [{**e, 'sentences': [{'raw': 'a'}]} for e in entries(3, split='train')]
    path.write_text(json.dumps({'images': images}))
    with pytest.raises(
        ValueError, match=r"has {'train': 3, .* published are {'train': 8734, .*rsicd"
    ):
        read_entries('rsicd', path, 0, allow_other_sizes=False)
    chosen, _ = read_entries('rsicd', path, 0, allow_other_sizes=True)
    assert split_sizes(chosen) == {'train': 3, 'val': 0, 'test': 0}
    assert split_sizes(read_entries('custom', path, 0, False)[0])['train'] == 3
