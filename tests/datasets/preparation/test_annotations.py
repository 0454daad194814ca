"""Annotations and their splits."""

import json

import pytest

from pir_mm.datasets.layout import BENCHMARKS
from pir_mm.datasets.preparation.annotations import (
    PUBLISHED_SETS,
    PublishedSet,
    drop_empty_captions,
    find_caption_file,
    own_splits,
    published_splits,
    read_annotations,
    split_sizes,
)
from pir_mm.datasets.preparation.problems import PictureProblems


def test_sizes_add_up_to_the_published_totals():
    totals = {name: sum(published.splits.values()) for name, published in PUBLISHED_SETS.items()}
    assert totals == {'rsicd': 10921, 'ucm': 2100, 'rsitmd': 4743, 'sydney': 613}
    assert tuple(PUBLISHED_SETS) == BENCHMARKS


def annotations(count, **keys):
    return [{'filename': f'{n}.jpg', **keys} for n in range(count)]


@pytest.mark.parametrize(
    ('count', 'sizes'), [(3, (1, 1, 1)), (14, (12, 1, 1)), (200, (160, 20, 20))]
)
def test_draws_a_tenth_each(count, sizes):
    chosen, splits_from = own_splits(annotations(count), seed=4)
    assert tuple(split_sizes(chosen).values()) == sizes
    assert [annotation['filename'] for annotation in chosen] == [f'{n}.jpg' for n in range(count)]
    assert own_splits(annotations(count), seed=4)[0] == chosen
    assert splits_from == 'drawn with seed 4'
    if count == 200:
        assert own_splits(annotations(count), seed=5)[0] != chosen


def test_keeps_splits_that_are_given():
    given = annotations(2, split='val') + annotations(1, split='train')
    assert own_splits(given, seed=0) == (given, 'given')


@pytest.mark.parametrize(
    ('given', 'reason'),
    [
        (annotations(2), 'at least 3 pictures, got 2'),
        (
            annotations(3) + [{'filename': 'x', 'split': 'val'}],
            '3 of 4 pictures have no split, the first is 0.jpg',
        ),
        (annotations(1, split='dev'), "0.jpg has split 'dev'; it must be one of train, val, test"),
    ],
)
def test_refuses_half_a_split(given, reason):
    with pytest.raises(ValueError, match=reason):
        own_splits(given, seed=0)


def test_takes_the_published_key():
    given = annotations(1, split='train', split_3way='val')
    chosen, splits_from = published_splits(given, PUBLISHED_SETS['rsitmd'], seed=0)
    assert (chosen[0]['split'], splits_from) == ('val', 'key split_3way')


def test_draws_validation_pictures_where_there_are_none():
    given = annotations(20, split='train') + annotations(5, split='test')
    published = PublishedSet({'train': 17, 'val': 3, 'test': 5}, 'split_3way')
    chosen, splits_from = published_splits(given, published, seed=1)
    assert split_sizes(chosen) == published.splits
    assert splits_from == 'key split, 3 of train drawn for val with seed 1'
    assert published_splits(given, published, seed=1)[0] == chosen


def test_compares_with_the_published_sizes(tmp_path):
    path = tmp_path / 'a.json'
    images = [{**e, 'sentences': [{'raw': 'a'}]} for e in annotations(3, split='train')]
    path.write_text(json.dumps({'images': images}))
    with pytest.raises(
        ValueError, match=r"has {'train': 3, .* published are {'train': 8734, .*rsicd"
    ):
        read_annotations('rsicd', path, 0, allow_other_sizes=False)
    chosen, _ = read_annotations('rsicd', path, 0, allow_other_sizes=True)
    assert split_sizes(chosen) == {'train': 3, 'val': 0, 'test': 0}
    assert split_sizes(read_annotations('custom', path, 0, False)[0])['train'] == 3


def search(source):
    return find_caption_file(source, 'rsicd', source / 'out').name


def test_prefers_the_one_named_after_the_set(tmp_path):
    with pytest.raises(FileNotFoundError, match='has no .json .* put dataset_rsicd.json there'):
        search(tmp_path)
    (tmp_path / 'captions.json').touch()
    assert search(tmp_path) == 'captions.json'
    (tmp_path / 'deep').mkdir()
    (tmp_path / 'deep' / 'dataset_RSICD.json').touch()
    assert search(tmp_path) == 'dataset_RSICD.json'
    (tmp_path / 'rsicd_2.json').touch()
    with pytest.raises(ValueError, match=r'has 3 .json files \(.*\): choose one by --captions'):
        search(tmp_path)


def test_does_not_look_into_its_own_output(tmp_path):
    (tmp_path / 'a.json').touch()
    (tmp_path / 'out').mkdir()
    (tmp_path / 'out' / 'captions_rsicd.json').touch()
    assert search(tmp_path) == 'a.json'


def test_drops_captions_without_a_word():
    def annotation(*captions):
        return {'filename': f'{len(captions)}.jpg', 'sentences': [{'raw': c} for c in captions]}

    problems = PictureProblems(10, True, lambda line: None)
    kept, dropped = drop_empty_captions(
        [annotation('.', 'a', ''), annotation('b'), annotation(' ', '?')], problems
    )
    assert kept == [{'filename': '3.jpg', 'sentences': [{'raw': 'a'}]}, annotation('b')]
    assert dropped == [f'{n}.jpg, caption {c}' for n, c in ((3, 0), (3, 2), (2, 0), (2, 1))]
    assert problems.lists == {'without_caption': ['2.jpg']}
