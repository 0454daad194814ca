"""Items of caption sets keep every caption, and give equal captions one number."""

import numpy as np
import pytest

from pir_mm.datasets.caption_items import cleaned_captions, evaluation_items, training_items


def pictures_of(*captions):
    return [
        {'img_path': f'{n}.jpg', 'image_id': n, 'scene': n % 2, 'captions': list(texts)}
        for n, texts in enumerate(captions)
    ]


def test_evaluation_encodes_each_caption_once():
    first, second = evaluation_items(pictures_of(['a', 'b', 'a'], ['b', 'a']))
    assert (first['text'], first['text_id'], first['caption_id']) == (['a', 'b'], [0, 1], [0, 1, 0])
    assert (second['text'], second['text_id'], second['caption_id']) == ([], [], [1, 0])
    assert second['captions'] == ['b', 'a']


@pytest.mark.parametrize('count', [1, 40])
def test_evaluation_ids_lead_back_to_every_caption(count):
    rng = np.random.default_rng(count)
    captions = [[f'c{c}' for c in rng.integers(0, 60, 5)] for _ in range(count)]
    items = evaluation_items(pictures_of(*captions))
    owned = {i: t for item in items for i, t in zip(item['text_id'], item['text'], strict=True)}
    assert [[owned[i] for i in item['caption_id']] for item in items] == captions
    assert sorted(owned) == list(range(len({c for texts in captions for c in texts})))
    assert sum(len(item['text']) for item in items) == len(owned)


def test_training_by_caption_keeps_repeats_and_by_image_does_not():
    pictures = pictures_of(['a', 'b', 'a'], ['c'])
    by_caption = training_items(pictures, 'caption')
    assert [(i['image_id'], i['text']) for i in by_caption] == [
        (0, ['a']), (0, ['b']), (0, ['a']), (1, ['c']),
    ]  # fmt: skip
    assert [item['text'] for item in training_items(pictures, 'image')] == [['a', 'b'], ['c']]
    assert set(by_caption[0]) == {'img_path', 'image_id', 'scene', 'text', 'text_id'}


@pytest.mark.parametrize('sampling', ['caption', 'image'])
def test_equal_captions_of_any_image_have_one_text_id(sampling):
    items = training_items(pictures_of(['a', 'b', 'a'], ['c', 'a']), sampling)
    pairs = [pair for i in items for pair in zip(i['text'], i['text_id'], strict=True)]
    assert len(dict(pairs)) == len(set(pairs)) == len(set(dict(pairs).values())) == 3


def test_cleaning_counts_the_long_and_names_the_empty():
    entry = {'filename': 'a.jpg', 'sentences': [{'raw': 'One, two three.'}, {'raw': 'Four'}]}
    assert cleaned_captions(entry, 'pir', 2) == (['one two', 'four'], 1)
    assert cleaned_captions(entry, 'pir', 3) == (['one two three', 'four'], 0)
    assert cleaned_captions(entry, 'none', 2) == (['One, two', 'Four'], 1)
    entry['sentences'].append({'raw': ' .'})
    with pytest.raises(
        ValueError, match="caption 2 of picture a.jpg is empty after cleaning: ' .'"
    ):
        cleaned_captions(entry, 'pir', 2)
