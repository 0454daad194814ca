"""A batch keeps its fields together, wherever it goes."""

import pytest
import torch

from pir_mm.structures.pair_batch import PairBatch


def fields(**changes):
    """Two images, three texts, four captions."""
    given = dict(
        images=torch.zeros(2, 3, 4, 4, dtype=torch.uint8),
        token_ids=torch.zeros(3, 5, dtype=torch.long),
        token_mask=torch.ones(3, 5, dtype=torch.bool),
        text_length=torch.tensor([3, 4, 5]),
        image_of_text=torch.tensor([1, 0, 1]),
        image_id=torch.tensor([7, 9]),
        text_id=torch.tensor([0, 1, 2]),
        scene=torch.tensor([4, -1]),
        n_scenes=5,
        caption_id=torch.tensor([0, 1, 2, 2]),
        image_of_caption=torch.tensor([0, 0, 1, 1]),
    )
    return {**given, **changes}


def test_goes_to_a_device_whole_except_for_the_lengths():
    moved = PairBatch(**fields()).to('meta')
    assert moved.text_length.tolist() == [3, 4, 5]
    assert moved.n_scenes == 5
    others = [v for v in vars(moved).values() if isinstance(v, torch.Tensor)]
    assert {v.device.type for v in others if v is not moved.text_length} == {'meta'}


def test_is_pinned_whole_except_for_the_lengths(monkeypatch):
    pinned = []
    monkeypatch.setattr(torch.Tensor, 'pin_memory', lambda self: pinned.append(self) or self + 0)
    batch = PairBatch(**fields())
    result = batch.pin_memory()
    assert result.text_length is batch.text_length
    assert len(pinned) == 9 and result.images is not batch.images


def test_a_training_batch_has_no_captions_anywhere():
    batch = PairBatch(**fields(caption_id=None, image_of_caption=None))
    assert batch.to('cpu').caption_id is None


def test_other_pixels_change_nothing_else():
    batch = PairBatch(**fields())
    other = batch.with_images(torch.ones(2, 3, 4, 4))
    assert other.images.dtype == torch.float32
    assert other.token_ids is batch.token_ids


@pytest.mark.parametrize(
    ('changes', 'reason'),
    [
        (dict(image_id=torch.tensor([7])), 'batch of 2 images came with 1 values of image_id'),
        (dict(scene=torch.zeros(3).long()), 'batch of 2 images came with 3 values of scene'),
        (dict(text_id=torch.tensor([0])), 'batch of 3 texts came with 1 values of text_id'),
        (dict(text_length=torch.tensor([1])), 'batch of 3 texts came with 1 values of text_length'),
        (dict(token_mask=torch.ones(3, 4).bool()), r'token_ids \(3, 5\) and token_mask \(3, 4\)'),
        (dict(caption_id=None), 'caption_id and image_of_caption come together'),
        (dict(caption_id=torch.tensor([0])), '1 captions came with 4 values of image_of_caption'),
    ],
)
def test_refuses_fields_that_do_not_fit(changes, reason):
    with pytest.raises(ValueError, match=reason):
        PairBatch(**fields(**changes))


def test_features_stand_for_images_and_go_with_the_rest():
    """Without pixels the images are counted by their ids."""
    features = {'image_encoder': (torch.ones(2, 3), torch.ones(2, 4, 3))}
    batch = PairBatch(**fields(images=None, features=features, text_features=torch.ones(3, 5, 7)))
    moved = batch.to('meta')
    assert [tensor.device.type for tensor in moved.features['image_encoder']] == ['meta'] * 2
    assert moved.text_features.device.type == 'meta' and moved.images is None
    with pytest.raises(ValueError, match='the features of prior are not those of 2 images'):
        PairBatch(**fields(images=None, features={'prior': (torch.ones(1, 3),)}))


SECOND = dict(
    second_images=torch.ones(2, 3, 4, 4, dtype=torch.uint8),
    second_features={'image_encoder': (torch.ones(2, 3),)},
    masked_ids=torch.zeros(3, 5, dtype=torch.long),
    masked_at=torch.tensor([4, 7]),
)


def test_a_second_view_and_hidden_words_go_with_the_rest():
    moved = PairBatch(**fields(**SECOND)).to('meta')
    (feature,) = moved.second_features['image_encoder']
    for value in (moved.second_images, feature, moved.masked_ids, moved.masked_at):
        assert value.device.type == 'meta'
    batch = PairBatch(**fields(**SECOND))
    assert batch.with_images(torch.zeros(2, 3, 4, 4)).second_images is batch.second_images
    both = batch.with_images(torch.zeros(2, 3, 4, 4), torch.full((2, 3, 4, 4), 5.0))
    assert both.images.sum() == 0 and (both.second_images == 5).all()


@pytest.mark.parametrize(
    ('changes', 'reason'),
    [
        (dict(second_images=torch.ones(1, 3, 4, 4)), '2 images came with 1 values of second_imag'),
        (dict(second_features={'prior': (torch.ones(3, 1),)}), 'features of prior are not those'),
        (dict(masked_at=None), 'masked_ids and masked_at come together, or neither'),
        (dict(masked_ids=torch.zeros(3, 4)), r'masked_ids \(3, 4\) must have the shape of .*3, 5'),
    ],
)
def test_refuses_a_second_view_or_hidden_words_that_do_not_fit(changes, reason):
    with pytest.raises(ValueError, match=reason):
        PairBatch(**fields(**SECOND | changes))
