"""What the tokens take of an image is read beside the model and changes nothing in it."""

import pytest
import torch
from torch.testing import assert_close

from pir_mm.functional.masking import key_mask
from pir_mm.models.fusion import attended_pairs
from tests.models.fusion.encoder import HEADS, build

IMAGE, TEXT = torch.tensor([0, 2, 1, 2]), torch.tensor([1, 2, 0, 2])


@pytest.fixture
def encoder():
    return build(layers=3)


def test_joint_tokens_are_those_of_a_plain_call(encoder, images, text):
    keys = encoder.read_images(images)
    plain = encoder(keys, text, IMAGE, TEXT)
    for layer in range(3):
        read = attended_pairs(encoder, keys, text, IMAGE, TEXT, layer)
        assert torch.equal(read.tokens, plain)
        assert not encoder.layer[layer].crossattention._forward_pre_hooks


def test_no_hook_is_left_where_the_model_fails(encoder, images, text):
    with pytest.raises(IndexError):
        attended_pairs(encoder, encoder.read_images(images), text, IMAGE + 9, TEXT, 0)
    assert not encoder.layer[0].crossattention._forward_pre_hooks


@pytest.mark.parametrize('layer', [0, 1, 2])
def test_shares_times_values_are_what_the_layer_computes(encoder, images, text, layer):
    keys = encoder.read_images(images)
    tokens, mask = text.rows(TEXT)
    for number in range(layer + 1):
        part = encoder.layer[number]
        tokens = part.read_text(tokens, key_mask(mask))
        own = keys[number].rows(IMAGE)
        before, tokens = tokens, part.read_image(tokens, own)
    cross = encoder.layer[layer].crossattention
    shares = attended_pairs(encoder, keys, text, IMAGE, TEXT, layer).shares
    assert shares.shape == (4, HEADS, 6, 5)
    value = own.value.unflatten(-1, (HEADS, -1)).transpose(1, 2)
    attended = (shares @ value).transpose(1, 2).flatten(2)
    got = cross.output.LayerNorm(before + cross.output.dense(attended))
    assert_close(got, cross(before, own))


def test_an_image_token_that_equals_the_query_of_a_word_gets_its_attention(encoder, images, text):
    cross = encoder.layer[0].crossattention
    tokens = encoder.layer[0].read_text(text.tokens, key_mask(text.mask))
    torch.nn.init.zeros_(cross.self.key.bias)
    query = cross.self.query(tokens)[1, 2]
    images[1, 3] = 20 * torch.linalg.pinv(cross.self.key.weight) @ query
    one = torch.tensor([1])
    shares = attended_pairs(encoder, encoder.read_images(images), text, one, one, 0).shares
    assert shares[0, :, 2].mean(dim=0).argmax() == 3
    assert shares[0, :, 2, 3].mean() > 0.9


def test_shares_sum_to_one_and_know_nothing_of_padding(encoder, images, text):
    keys = encoder.read_images(images)
    shares = attended_pairs(encoder, keys, text, IMAGE, TEXT, 1).shares
    assert_close(shares.sum(dim=-1), torch.ones(4, HEADS, 6, dtype=torch.float64))
    noise = text.tokens.masked_fill(~text.mask.unsqueeze(-1), 9.0)
    other = attended_pairs(encoder, keys, text._replace(tokens=noise), IMAGE, TEXT, 1).shares
    shown = text.mask[TEXT]
    assert_close(other.transpose(1, 2)[shown], shares.transpose(1, 2)[shown])
