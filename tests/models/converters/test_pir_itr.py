"""The authors' checkpoint: their outputs with our model, its config and its origin."""

import re

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close
from torchvision.models import resnet18

from pir_mm.models.converters.pir_itr import origin_notes, pir_itr_config, pir_itr_weights
from tests.models.converters.layout_files import SETTINGS, baseline, pir_itr

MODEL = dict(
    type='pir_mm.PIR',
    image_encoder=dict(
        type='pir_mm.ImageEncoder',
        dim=64,
        backbone=dict(
            type='mmpretrain.SwinTransformer',
            arch=dict(embed_dims=24, depths=[1, 1, 2, 1], num_heads=[1, 2, 4, 8]),
        ),
    ),
    text_encoder=dict(
        type='pir_mm.BertEncoder',
        dim=64,
        vocab_size=200,
        hidden_size=64,
        layers=2,
        heads=4,
        intermediate_size=128,
        mask_padding=False,
    ),
    instruction_encoder=dict(
        type='pir_mm.InstructionEncoder', dim=64, backbone=dict(type='mmpretrain.ResNet', depth=50)
    ),
    selector=dict(type='pir_mm.BeliefSelector', keep=40),
    spatial_pae=dict(type='pir_mm.SpatialPAE', dim=64),
    temporal_pae=dict(type='pir_mm.TemporalPAE', dim=64, mask_padding=False),
    embedding=dict(type='pir_mm.JoinedEmbedding', dim=64),
    head=dict(type='pir_mm.RetrievalHead'),
    text_groups=1,
)
BASELINE = dict(MODEL, instruction_encoder=None, selector=None, spatial_pae=None, temporal_pae=None)
BLOCK, BACKBONE = dict(atol=2e-5, rtol=0), dict(atol=1e-4, rtol=0)
WORDS = 'text_encoder.embeddings.word_embeddings.weight'
ATTENTION_PARTS = ('mapping', 'img_', 'txt_', 'head_', 'conv_', 'temp2')


def drawn(seed, *shape):
    return torch.from_numpy(np.random.RandomState(seed).standard_normal(shape).astype('float32'))


@pytest.fixture(scope='module')
def official(golden):
    checkpoint, outputs = golden('pir_itr_small')
    return checkpoint['model'], outputs


@pytest.fixture(scope='module')
def model(official):
    model = MODELS.build(MODEL)
    model.load_state_dict(pir_itr_weights(official[0]), strict=True)
    return model.eval()


@pytest.fixture(scope='module')
def images():
    return drawn(1, 3, 3, 224, 224)


@pytest.fixture(autouse=True)
def without_gradient():
    with torch.no_grad():
        yield


def test_encoder_tokens(model, official, images):
    outputs = official[1]
    # the golden outputs are those before our projections
    for encoder in (model.image_encoder, model.text_encoder, model.instruction_encoder):
        encoder.projection, kept = torch.nn.Identity(), encoder.projection
        if encoder is model.text_encoder:
            pooled, tokens = encoder(outputs['token_ids'], outputs['token_ids'] != 0)
            assert_close(tokens, outputs['text_tokens'], **BACKBONE)
            assert_close(pooled, outputs['text_tokens'][:, 0], **BACKBONE)
        elif encoder is model.image_encoder:
            pooled, tokens = encoder(images)
            joined = torch.cat([pooled[:, None], tokens], dim=1)
            assert_close(joined, outputs['vision_tokens'], **BACKBONE)
        else:
            assert_close(encoder(images), outputs['instruction'], **BACKBONE)
        encoder.projection = kept


def test_attention_blocks(model, official):
    tokens, query = drawn(3, 4, 40, 64), drawn(4, 4, 40, 64)
    own = model.spatial_pae.self_attention[1](tokens)
    crossed = model.spatial_pae.cross_attention[0](tokens, query=query)
    assert_close(own, official[1]['block_self_attention'], **BLOCK)
    assert_close(crossed, official[1]['block_cross_attention'], **BLOCK)


@pytest.mark.parametrize('keep', [10, 40, 50])
def test_image_embedding_by_hard_belief(model, official, images, keep, monkeypatch):
    monkeypatch.setattr(model.selector, 'keep', keep)
    expected = official[1][f'image_embedding_hard_keep{keep}']
    assert_close(model.encode_image(images), expected, **BLOCK)


def test_text_embedding(model, official):
    ids = official[1]['token_ids']
    assert_close(model.encode_text(ids, ids != 0), official[1]['text_embedding'], **BLOCK)


def test_baseline(official, images):
    weights, outputs = official
    own = {n: w for n, w in weights.items() if not n.startswith(ATTENTION_PARTS)}
    only_contrast = dict(contrastive=dict(type='pir_mm.ContrastiveLoss'))
    model = MODELS.build(dict(BASELINE, head=dict(MODEL['head'], losses=only_contrast))).eval()
    model.load_state_dict(pir_itr_weights(own), strict=True)
    ids = outputs['token_ids']
    text = model.encode_text(ids, ids != 0)
    assert_close(model.encode_image(images), outputs['image_embedding_baseline'], **BLOCK)
    assert_close(text, outputs['text_embedding_baseline'], **BLOCK)


def test_temperatures_and_foreign_names(official):
    weights = dict(official[0], temp=torch.tensor(0.05), temp2=torch.tensor(0.09))
    ours = pir_itr_weights(weights)
    assert ours['head.temperatures.contrastive.value'] == 0.05
    assert ours['head.temperatures.affiliation.value'] == 0.09
    with pytest.raises(ValueError, match='logit_scale is not a weight of PIR-ITR'):
        pir_itr_weights({**weights, 'logit_scale': torch.ones(())})


def test_another_file_is_refused():
    with pytest.raises(ValueError, match='none of the 1 tensors belongs to a Swin Transformer'):
        pir_itr_weights({'visual.conv1.weight': torch.ones(1)})


def build(heads=2, weights=None, **changes):
    return pir_itr_config(weights or pir_itr(), SETTINGS | changes, heads)


def test_every_size_is_found():
    model, notes = build()
    assert notes == []
    swin = model['image_encoder']['backbone']
    assert swin['arch'] == dict(embed_dims=4, depths=[1] * 4, num_heads=[1, 1, 2, 2])
    assert (swin['window_size'], swin['patch_size'], swin['img_size']) == (7, 4, 224)
    text = model['text_encoder']
    assert (text['vocab_size'], text['hidden_size'], text['heads']) == (60, 16, 2)
    prior = model['instruction_encoder']['backbone']
    assert (prior['depth'], prior['stem_channels'], prior['base_channels']) == (18, 4, 4)
    assert (model['spatial_pae']['layers'], model['temporal_pae']['layers']) == (1, 2)
    parts = ('image_encoder', 'text_encoder', 'instruction_encoder', 'embedding', 'spatial_pae')
    for part in parts:
        assert model[part]['dim'] == 8
    assert model['spatial_pae']['heads'] == model['temporal_pae']['heads'] == 2
    assert model['spatial_pae']['mlp_ratio'] == 2


def test_options_are_the_authors():
    model, _ = build(dropout_r=0.3)
    assert model['selector'] == dict(type='pir_mm.BeliefSelector', strategy='hard', keep=20)
    assert not model['text_encoder']['mask_padding']
    assert not model['temporal_pae']['mask_padding']
    assert model['temporal_pae']['dropout'] == 0.3
    assert model['text_groups'] == 1
    assert model['tokenizer']['max_tokens'] == 31
    losses = model['head']['losses']
    assert losses['contrastive'] == dict(type='pir_mm.ContrastiveLoss', positives='image')
    assert model['head']['temperatures'] == dict.fromkeys(losses, dict(init=0.07))
    affiliation = losses['affiliation']
    assert (affiliation['form'], affiliation['weight']) == ('pir', 1.0)
    assert build(center_factor=2)[0]['head']['losses']['affiliation']['weight'] == 2.0


@pytest.mark.parametrize(
    ('value', 'limits'), [(0.0004, (0.0004, 0.5)), (0.75, (0.001, 0.75)), (0.5, None)]
)
def test_our_limits_move_no_temperature(value, limits):
    model, _ = build(weights=pir_itr() | {'temp2': torch.tensor(value)})
    settings = model['head']['temperatures']['affiliation']
    assert settings.get('limits') == (limits and pytest.approx(limits))
    temperature = MODELS.build(model['head']).temperatures['affiliation']
    temperature.value.data.fill_(value)
    assert temperature().item() == torch.tensor(value).item()


@pytest.mark.parametrize('value', [0.0, -0.07, float('inf')])
def test_a_temperature_is_above_zero(value):
    with pytest.raises(ValueError, match='temp2, a temperature, is .*, wanted a number above 0'):
        build(weights=pir_itr() | {'temp2': torch.tensor(value)})


def test_a_baseline_has_two_encoders():
    model, _ = build(weights=baseline())
    parts = {'instruction_encoder', 'selector', 'spatial_pae', 'temporal_pae'}
    assert not parts & model.keys()
    bare = {n: w for n, w in baseline().items() if not n.startswith('temp')}
    assert build(weights=bare)[0]['head']['losses'].keys() == {'triplet'}


def test_heads_of_bert_are_64_wide_by_default():
    weights = pir_itr()
    wide = weights | {WORDS: weights[WORDS].repeat(1, 12)}
    model, notes = build(heads=None, weights=wide)
    assert model['text_encoder']['heads'] == 3
    assert notes == ['assumed: its BERT has 3 heads, each 64 wide as in the public ones']
    assert build(heads=None)[0]['text_encoder']['heads'] == 1
    with pytest.raises(ValueError, match='3 heads do not divide the width 16'):
        build(heads=3)


def test_missing_settings_are_as_published_and_noted():
    model, notes = pir_itr_config(pir_itr(), {}, 2)
    assert model['selector']['keep'] == 40
    published = 'filter_size=40, head=8, dropout_r=0.2, max_tokens=47, image_res=224'
    assert notes == [f'missing in its config, taken as published: {published}']


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'filter_size': 'os.mkdir("x")'}, 'filter_size=.*, wanted a whole number above 0'),
        ({'filter_size': True}, 'filter_size=True, wanted a whole number'),
        ({'filter_size': 51}, 'filter_size=51, but an image of 224 pixels has 50 tokens'),
        ({'dropout_r': 1.5}, 'dropout_r=1.5, wanted a number from 0 to below 1'),
        ({'dropout_r': float('nan')}, 'dropout_r=nan'),
        ({'head': 3}, 'head=3, which does not divide 8'),
        ({'max_tokens': 0}, 'max_tokens=0'),
        ({'center_factor': '1'}, "center_factor='1', wanted a number that is 0 or more"),
        ({'center_factor': float('nan')}, 'center_factor=nan'),
        ({'instru_num': 2}, 'says instru_num=2, but its weights have 1'),
        ({'cycle_num': 3}, 'says cycle_num=3, but its weights have 2'),
        ({'embed_dim': 512}, 'says embed_dim=512, but its weights have 8'),
    ],
)
def test_settings_are_numbers_that_fit_the_weights(changes, message):
    with pytest.raises(ValueError, match=message):
        build(**changes)


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
        (prior(0.2), 'may be random: .* has std 0.2.* where a random one has 0.0253'),
    ],
)
def test_a_frozen_prior_shows_whether_it_was_loaded(weights, words):
    (note,) = origin_notes(weights)
    assert re.search(words, note)


@pytest.mark.parametrize(
    ('spread', 'words'),
    [(1.0, 'started at random'), (0.04, 'from trained weights'), (0.5, 'from an unknown state')],
)
def test_words_of_bert_show_whether_it_was_loaded(spread, words):
    random = torch.Generator().manual_seed(0)
    table = spread * torch.randn(200, 64, generator=random)
    table[:60] *= 5  # fine-tuning moves the words that occur
    table[0] = 0  # padding
    (note,) = origin_notes({WORDS: table})
    assert words in note


def test_a_network_drawn_by_torchvision_is_random():
    network = resnet18()
    weights = {'conv_encoder.0.weight': network.conv1.weight.detach()}
    weights |= {f'conv_encoder.1.{n}': w.detach() for n, w in network.bn1.named_parameters()}
    assert 'is random' in origin_notes(weights)[0]


def test_weights_without_either_have_no_notes():
    assert origin_notes({'vision_proj.weight': torch.ones(2, 2)}) == []
