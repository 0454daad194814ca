"""Items become one batch: texts tokenised together, ordered by length, none lost."""

import pytest
import torch
from mmengine.registry import FUNCTIONS
from mmpretrain.structures import DataSample

from pir_mm.datasets.collating import collate_pairs


def tokenizer(texts):
    """One id per word: its length."""
    rows = [[len(word) for word in text.split()] for text in texts]
    longest = max(map(len, rows), default=0)
    ids = [row + [0] * (longest - len(row)) for row in rows]
    token_ids = torch.tensor(ids, dtype=torch.long).view(len(rows), longest)
    return token_ids, token_ids != 0


def sample(image_id, texts, text_id, caption_id=None, scene=None, size=(3, 2, 2)):
    item = DataSample(metainfo={'image_id': image_id}, text=texts, text_id=text_id)
    if caption_id is not None:
        item.caption_id = caption_id
    if scene is not None:
        item.scene = scene
    return {'inputs': torch.full(size, image_id, dtype=torch.uint8), 'data_samples': item}


def test_texts_are_ordered_by_length_and_know_their_images():
    batch = collate_pairs(
        [sample(5, ['a bb ccc', 'a'], [3, 4], scene=2), sample(8, ['dd ee'], [9])], tokenizer
    )
    assert batch.token_ids.tolist() == [[1, 0, 0], [2, 2, 0], [1, 2, 3]]
    assert batch.token_mask.int().tolist() == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    assert batch.text_length.tolist() == [1, 2, 3]
    assert batch.image_of_text.tolist() == [0, 1, 0]
    assert batch.text_id.tolist() == [4, 9, 3]
    assert batch.image_id.tolist() == [5, 8]
    assert batch.scene.tolist() == [2, -1]
    assert batch.images[:, 0, 0, 0].tolist() == [5, 8] and batch.images.dtype == torch.uint8
    assert batch.caption_id is None


def test_texts_of_one_length_keep_their_order():
    batch = collate_pairs([sample(n, [f'w{n}'], [n]) for n in range(20)], tokenizer)
    assert batch.text_id.tolist() == list(range(20))


def test_an_evaluation_tells_all_captions_also_of_images_without_a_text():
    batch = collate_pairs(
        [sample(0, ['a b'], [0], caption_id=[0, 0]), sample(1, [], [], caption_id=[0])], tokenizer
    )
    assert batch.caption_id.tolist() == [0, 0, 0]
    assert batch.image_of_caption.tolist() == [0, 0, 1]
    assert batch.image_of_text.tolist() == [0]


def test_a_batch_of_one_image_without_texts_is_a_batch():
    batch = collate_pairs([sample(3, [], [], caption_id=[1])], tokenizer)
    assert batch.token_ids.shape == (0, 0)
    assert len(batch.images) == 1 and len(batch.text_id) == len(batch.image_of_text) == 0


def test_is_found_by_its_name_in_a_config():
    assert FUNCTIONS.get('pir_mm.collate_pairs') is collate_pairs


def test_says_what_is_missing():
    with pytest.raises(ValueError, match='collate_pairs has no tokenizer: add .*TokenizerHook'):
        collate_pairs([sample(0, ['a'], [0])])
    with pytest.raises(ValueError, match=r'must have one size, got \[\(3, 2, 2\), \(3, 4, 4\)\]'):
        collate_pairs([sample(0, [], []), sample(1, [], [], size=(3, 4, 4))], tokenizer)


def hide_the_longest(token_ids, generator=None):
    """Words of three letters, and how the seed was used."""
    chosen = token_ids == 3
    drawn = torch.randint(10, (1,), generator=generator).item()
    return token_ids.masked_fill(chosen, 50 + drawn), chosen


def test_words_are_hidden_where_the_model_asks_for_it():
    samples = [sample(0, ['a bbb ccc'], [0]), sample(1, ['ddd'], [1])]
    samples[0]['seed'] = 7
    batch = collate_pairs(samples, tokenizer, hide_the_longest)
    assert batch.token_ids.tolist() == [[3, 0, 0], [1, 3, 3]]
    hidden = batch.masked_ids.tolist()
    number = hidden[0][0]
    assert number >= 50 and hidden == [[number, 0, 0], [1, number, number]]
    assert batch.masked_at.tolist() == [0, 4, 5]
    assert batch.token_ids.flatten()[batch.masked_at].tolist() == [3, 3, 3]
    without = collate_pairs(samples, tokenizer)
    assert without.masked_ids is None and without.masked_at is None


def test_what_is_hidden_follows_the_seed_of_the_first_sample():
    def hidden(seed):
        samples = [{**sample(0, ['bbb'], [0]), 'seed': seed}, {**sample(1, ['a'], [1]), 'seed': 1}]
        return collate_pairs(samples, tokenizer, hide_the_longest).masked_ids[0, 0].item()

    assert len({hidden(seed) for seed in range(30)}) == 10
    assert [hidden(seed) for seed in range(5)] == [hidden(seed) for seed in range(5)]


def test_features_of_a_second_view_are_collated_as_those_of_the_first():
    samples = [sample(number, [], []) for number in range(2)]
    for number, one in enumerate(samples):
        del one['inputs']
        one['features'] = {'image_encoder': (torch.full((2,), number),)}
        one['second_features'] = {'image_encoder': (torch.full((2,), 10 + number),)}
    batch = collate_pairs(samples, tokenizer)
    assert batch.features['image_encoder'][0].tolist() == [[0, 0], [1, 1]]
    assert batch.second_features['image_encoder'][0].tolist() == [[10, 10], [11, 11]]
    assert batch.images is None and batch.second_images is None
