"""Embeddings come in the order of their pictures and sentences, in batches of any size."""

import numpy as np
import pytest
import torch
from PIL import Image

from pir_mm.apis.search.embedding import (
    batches_by_length,
    embed_images,
    embed_texts,
    image_batches,
)

RED, BLUE, GREY = [1, 0, 0], [0, 0, 1], [3**-0.5] * 3


def test_a_picture_has_the_direction_of_its_colour(colour_model, pictures):
    vectors = embed_images(colour_model, [pictures / 'red.png', str(pictures / 'grey.tif')])
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, [RED, GREY], atol=1e-6)


def test_an_array_is_read_as_rgb_and_embedded_as_its_file(colour_model, pictures):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 15, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(pictures / 'noise.png')
    array = embed_images(colour_model, [pixels])
    np.testing.assert_array_equal(array, embed_images(colour_model, [pictures / 'noise.png']))
    np.testing.assert_allclose(
        embed_images(colour_model, [np.full((9, 9, 3), (0, 0, 200), np.uint8)]), [BLUE], atol=1e-6
    )


@pytest.mark.parametrize('batch_size', [1, 3, 50])
def test_keeps_the_order_in_batches_of_any_size(colour_model, batch_size):
    pictures = np.random.default_rng(0).integers(0, 256, (10, 8, 8, 3), dtype=np.uint8)
    mean = pictures.mean(axis=(1, 2))
    expected = mean / np.linalg.norm(mean, axis=-1, keepdims=True)
    vectors = embed_images(colour_model, list(pictures), batch_size=batch_size)
    np.testing.assert_allclose(vectors, expected, atol=1e-5)
    assert max(colour_model.image_batches) == min(batch_size, 10)


def test_decodes_only_a_little_ahead_of_the_model(colour_model, monkeypatch):
    opened = []
    reading = 'pir_mm.apis.search.picture_reading'
    monkeypatch.setattr(f'{reading}.picture_size', lambda p, n: opened.append(p))
    monkeypatch.setattr(f'{reading}.READERS', 2)
    first = [np.full((8, 8, 3), 9, np.uint8)] * 4
    batches = image_batches(colour_model, first + ['absent.png'] * 500, batch_size=4)
    next(batches)
    batches.close()
    assert len(opened) < 50


def test_names_the_picture_that_cannot_be_used(colour_model, pictures):
    Image.effect_noise((40, 40), 50).save(pictures / 'cut.png')
    (pictures / 'cut.png').write_bytes((pictures / 'cut.png').read_bytes()[:400])
    with pytest.raises(ValueError, match=r'cut\.png: cannot be decoded: ') as error:
        embed_images(colour_model, [pictures / 'red.png', pictures / 'cut.png'])
    assert str(error.value).count('cut.png') == str(error.value).count('decoded') == 1
    with pytest.raises(FileNotFoundError, match=r'absent\.png'):
        embed_images(colour_model, ['absent.png'])
    with pytest.raises(ValueError, match=r'an array: not a picture: .* got shape \(3, 4, 5\)'):
        embed_images(colour_model, [np.zeros((3, 4, 5))])
    for wrong in (None, 3, [1, 2]):
        with pytest.raises(ValueError, match='not a picture: give a path, a picture of Pillow or'):
            embed_images(colour_model, [wrong])
    with pytest.raises(ValueError, match='no picture'):
        embed_images(colour_model, [])
    with pytest.raises(ValueError, match='batch_size must be at least 1, got 0'):
        embed_images(colour_model, [pictures / 'red.png'], batch_size=0)


def test_refuses_a_picture_by_its_header_when_it_has_too_many_pixels(colour_model, pictures):
    Image.new('RGB', (101, 100)).save(pictures / 'large.png')
    with pytest.raises(ValueError, match='too many pixels: 101 x 100 is above 10000'):
        embed_images(colour_model, [pictures / 'large.png'])


def test_sentences_come_back_in_their_order_and_each_is_encoded_once(colour_model):
    strings = ['a blue lake', 'red', 'a blue lake', 'many small red roofs', 'red']
    vectors = embed_texts(colour_model, strings)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, [BLUE, RED, BLUE, RED, RED], atol=1e-6)
    assert sum(rows for rows, _ in colour_model.text_batches) == 3


def test_sentences_of_one_length_share_a_batch_without_padding(colour_model, monkeypatch):
    monkeypatch.setattr('pir_mm.apis.search.embedding.TOKENS', 4)
    embed_texts(colour_model, ['red', 'a b c red', 'blue', 'green', 'a b c blue', 'grey'])
    assert colour_model.text_batches == [(1, 4), (1, 4), (4, 1)]


def test_many_sentences_are_tokenised_in_chunks(colour_model, monkeypatch):
    monkeypatch.setattr('pir_mm.apis.search.embedding.CHUNK', 2)
    vectors = embed_texts(colour_model, ['red', 'a blue', 'blue', 'a red', 'x y red'])
    np.testing.assert_allclose(vectors, [RED, BLUE, BLUE, RED, RED], atol=1e-6)


@pytest.mark.parametrize('lengths', [[3], [2, 9, 2, 5, 1, 9], [0, 0]])
def test_batches_hold_every_position_once_within_the_tokens(lengths):
    batches = list(batches_by_length(lengths, tokens=10))
    assert sorted(sum(batches, [])) == list(range(len(lengths)))
    assert all(len(rows) * max(lengths[i] for i in rows) <= 10 for rows in batches)


def test_says_what_is_wrong_with_the_sentences(colour_model):
    with pytest.raises(ValueError, match='got one string'):
        embed_texts(colour_model, 'red')
    with pytest.raises(ValueError, match='no sentence'):
        embed_texts(colour_model, [])
    for wrong in (None, 3, b'red', ['red']):
        with pytest.raises(ValueError, match='^sentence 1 must be a string, got '):
            embed_texts(colour_model, ['red', wrong])


def test_refuses_a_model_in_training_mode(colour_model, pictures):
    colour_model.train()
    with pytest.raises(ValueError, match=r'call model\.eval\(\)'):
        embed_texts(colour_model, ['red'])
    with pytest.raises(ValueError, match=r'call model\.eval\(\)'):
        embed_images(colour_model, [pictures / 'red.png'])


def test_records_no_gradient(colour_model):
    encode, made = colour_model.encode_image, []
    colour_model.encode_image = lambda images: made.append(encode(images)) or made[-1]
    embed_images(colour_model, [np.full((8, 8, 3), 9, np.uint8)])
    assert colour_model.mix.requires_grad
    assert not made[0].requires_grad


def test_wants_a_model_that_knows_its_config(colour_model, pictures):
    del colour_model.cfg
    with pytest.raises(ValueError, match='load_retriever'):
        embed_images(colour_model, [pictures / 'red.png'])


def test_takes_what_people_have(colour_model, pictures):
    red = np.full((9, 8, 3), (200, 0, 0), np.uint8)
    shapes = [
        pictures / 'red.png',
        str(pictures / 'red.png'),
        Image.fromarray(red),
        red,
        np.dstack([red, red[..., :1]]),
        red / 255,
    ]
    np.testing.assert_allclose(embed_images(colour_model, shapes), [RED] * 6, atol=1e-3)
    for alone in shapes:
        np.testing.assert_allclose(embed_images(colour_model, alone), [RED], atol=1e-3)
    grey = [red[..., 0], Image.fromarray(red[..., 0]), red[..., :1]]
    np.testing.assert_allclose(embed_images(colour_model, grey), [GREY] * 3, atol=1e-3)
    deep = np.dstack([np.arange(72, dtype=np.uint16).reshape(9, 8) * 500] + [red[..., 1]] * 2)
    np.testing.assert_allclose(embed_images(colour_model, deep), [RED], atol=1e-3)


def test_takes_generators(colour_model, pictures):
    vectors = embed_images(colour_model, (pictures / f'{name}.png' for name in ('red', 'green')))
    np.testing.assert_allclose(vectors, [RED, [0, 1, 0]], atol=1e-6)
    np.testing.assert_allclose(embed_texts(colour_model, iter(['red'])), [RED], atol=1e-6)
    assert len(embed_images(colour_model, np.zeros((3, 8, 8, 3), np.uint8) + np.uint8(9))) == 3


@pytest.mark.parametrize('has_it', [True, False])
def test_bfloat16_is_used_where_the_device_multiplies_it(colour_model, monkeypatch, has_it):
    monkeypatch.setattr('pir_mm.apis.search.embedding.multiplies_bf16', lambda device: has_it)
    encode, kinds = colour_model.encode_image, []

    def seen(images):
        kinds.append(torch.is_autocast_enabled('cpu'))
        return encode(images)

    colour_model.encode_image = seen
    pictures = list(np.random.default_rng(0).integers(0, 256, (9, 8, 8, 3), dtype=np.uint8))
    exact = embed_images(colour_model, pictures)
    coarse = embed_images(colour_model, pictures, precision='bf16')
    assert kinds == [False, has_it] and coarse.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(coarse, axis=1), np.ones(9), atol=1e-6)
    assert ((exact * coarse).sum(axis=1) > 0.9999).all()
    assert (exact == coarse).all() != has_it
