"""Images are normalised on the device, whoever brings them."""

import torch
from mmengine.registry import MODELS
from mmpretrain.structures import DataSample
from torch.testing import assert_close

MEAN, STD = [10.0, 20.0, 30.0], [2.0, 4.0, 5.0]


def build():
    cfg = dict(type='pir_mm.PairPreprocessor', mean=MEAN, std=STD, to_rgb=True)
    return MODELS.build(cfg)


def test_blue_first_becomes_red_first_of_the_given_statistics(batch):
    given = batch(['a'], ['b'])
    pixels = torch.tensor([30, 20, 10], dtype=torch.uint8).view(1, 3, 1, 1).expand(2, 3, 4, 4)
    (result,) = build()(given.with_images(pixels)).values()
    assert_close(result.images, torch.zeros(2, 3, 4, 4))
    pixels = torch.tensor([35, 24, 12], dtype=torch.uint8).view(1, 3, 1, 1).expand(2, 3, 4, 4)
    (result,) = build()(given.with_images(pixels)).values()
    assert_close(result.images, torch.ones(2, 3, 4, 4))
    assert result.token_ids is given.token_ids


def test_mmpretrains_batches_get_the_same_pixels(batch):
    pixels = torch.randint(0, 256, (2, 3, 4, 4), dtype=torch.uint8)
    ours = build()(batch(['a'], ['b']).with_images(pixels))['batch'].images
    theirs = build()({'inputs': pixels, 'data_samples': [DataSample(), DataSample()]})
    assert_close(theirs['images'], ours)
    assert len(theirs['data_samples']) == 2


def test_goes_where_the_preprocessor_is(batch):
    moved = build().to('meta')(batch(['a']))['batch']
    assert moved.images.device.type == moved.text_id.device.type == 'meta'
    assert moved.text_length.device.type == 'cpu'


def test_a_second_view_is_normalised_as_the_first(batch):
    pixels = torch.randint(0, 256, (2, 2, 3, 4, 4), dtype=torch.uint8)
    given = batch(['a'], ['b']).with_images(*pixels)
    result = build()(given)['batch']
    other = build()(given.with_images(pixels[1]))['batch']
    assert_close(result.second_images, other.images)
    assert_close(result.images, build()(batch(['a'], ['b']).with_images(pixels[0]))['batch'].images)
