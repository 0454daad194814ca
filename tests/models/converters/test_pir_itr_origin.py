"""Trained or random, told by the weights."""

import re

import pytest
import torch
from torchvision.models import resnet18

from pir_mm.models.converters.pir_itr_origin import origin_notes

WORDS = 'text_encoder.embeddings.word_embeddings.weight'


def prior(spread, scale=1.0, shift=0.0):
    random = torch.Generator().manual_seed(0)
    return {
        'conv_encoder.0.weight': spread * torch.randn(64, 3, 7, 7, generator=random),
        'conv_encoder.1.weight': torch.full((64,), scale),
        'conv_encoder.1.bias': torch.full((64,), shift),
    }


@pytest.mark.parametrize(
    ('weights', 'words'),
    [
        (prior(0.0253), 'instruction encoder is random: .* std 0.025'),
        (prior(0.0253, scale=1.01), 'instruction encoder is trained'),
        (prior(0.0253, shift=-0.01), 'instruction encoder is trained'),
        (prior(0.2), 'may be random: .* has std 0.2.* where random ones have 0.0253'),
    ],
)
def test_a_frozen_prior_shows_whether_it_was_loaded(weights, words):
    (note,) = origin_notes(weights)
    assert re.search(words, note)


@pytest.mark.parametrize(
    ('spread', 'words'),
    [(1.0, 'started at random'), (0.04, 'from trained weights'), (0.5, 'neither known state')],
)
def test_words_of_bert_show_whether_it_was_loaded(spread, words):
    random = torch.Generator().manual_seed(0)
    table = spread * torch.randn(200, 64, generator=random)
    table[:60] *= 5  # fine-tuning moves the words that occur
    table[0] = 0  # padding
    (note,) = origin_notes({WORDS: table})
    assert words in note


def test_a_network_drawn_by_torchvision_is_random():
    drawn = resnet18()
    weights = {'conv_encoder.0.weight': drawn.conv1.weight.detach()}
    weights |= {f'conv_encoder.1.{n}': w.detach() for n, w in drawn.bn1.named_parameters()}
    assert 'is random' in origin_notes(weights)[0]


def test_nothing_to_tell():
    assert origin_notes({'vision_proj.weight': torch.ones(2, 2)}) == []
