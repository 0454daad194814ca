"""The model of the authors' weights, by their shapes and the numbers saved beside them."""

import pytest
import torch

from pir_mm.models.converters.pir_itr_model import pir_itr_model
from pir_mm.registry import MODELS
from tests.models.converters.layout_files import SETTINGS, baseline, pir_itr


def build(heads=2, weights=None, **changes):
    return pir_itr_model(weights or pir_itr(), SETTINGS | changes, heads)


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
    for part in ('image_encoder', 'text_encoder', 'instruction_encoder', 'head', 'spatial_pae'):
        assert model[part]['dim'] == 8
    assert model['spatial_pae']['heads'] == model['temporal_pae']['heads'] == 2
    assert model['spatial_pae']['mlp_ratio'] == 2


def test_takes_the_authors_way():
    model, _ = build(dropout_r=0.3)
    assert model['selector'] == dict(type='pir_mm.BeliefSelector', strategy='hard', keep=20)
    assert not model['text_encoder']['mask_padding']
    assert not model['temporal_pae']['mask_padding']
    assert model['temporal_pae']['dropout'] == 0.3
    assert model['text_groups'] == 1
    assert model['tokenizer']['max_tokens'] == 31
    losses = model['head']['losses']
    assert losses['contrastive'] == dict(type='pir_mm.ContrastiveLoss', temperature=0.07)
    affiliation = losses['affiliation']
    assert (affiliation['form'], affiliation['weight']) == ('pir', 1.0)
    assert build(center_factor=2)[0]['head']['losses']['affiliation']['weight'] == 2.0


@pytest.mark.parametrize(
    ('value', 'limits'), [(0.0004, (0.0004, 0.5)), (0.75, (0.001, 0.75)), (0.5, None)]
)
def test_no_temperature_is_moved_by_our_limits(value, limits):
    model, _ = build(weights=pir_itr() | {'temp2': torch.tensor(value)})
    loss = model['head']['losses']['affiliation']
    assert loss.get('limits') == (limits and pytest.approx(limits))
    built = MODELS.build(loss)
    built.temperature.value.data.fill_(value)
    assert built.temperature().item() == torch.tensor(value).item()


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


def test_heads_of_bert_are_as_wide_as_those_of_the_public_ones():
    weights = pir_itr()
    words = 'text_encoder.embeddings.word_embeddings.weight'
    wide = weights | {words: weights[words].repeat(1, 12)}
    model, notes = build(heads=None, weights=wide)
    assert model['text_encoder']['heads'] == 3
    assert notes == ['its BERT is taken to have 3 heads, 64 wide as the public ones']
    assert build(heads=None)[0]['text_encoder']['heads'] == 1
    with pytest.raises(ValueError, match='3 heads do not divide the width 16'):
        build(heads=3)


def test_what_the_settings_lack_is_as_published_and_said():
    model, notes = pir_itr_model(pir_itr(), {}, 2)
    assert model['selector']['keep'] == 40
    published = 'filter_size=40, head=8, dropout_r=0.2, max_tokens=47, image_res=224'
    assert notes == [f'its config does not say, taken as published: {published}']


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'filter_size': 'os.mkdir("x")'}, 'filter_size=.*, wanted a whole number above 0'),
        ({'filter_size': True}, 'filter_size=True, wanted a whole number'),
        ({'filter_size': 51}, 'filter_size=51, but a picture of 224 pixels has 50 tokens'),
        ({'dropout_r': 1.5}, 'dropout_r=1.5, wanted a number from 0 to below 1'),
        ({'dropout_r': float('nan')}, 'dropout_r=nan'),
        ({'head': 3}, 'head=3, which does not divide 8'),
        ({'max_tokens': 0}, 'max_tokens=0'),
        ({'center_factor': '1'}, "center_factor='1', wanted a number from 0 up"),
        ({'center_factor': float('nan')}, 'center_factor=nan'),
        ({'instru_num': 2}, 'says instru_num=2, its weights 1'),
        ({'cycle_num': 3}, 'says cycle_num=3, its weights 2'),
        ({'embed_dim': 512}, 'says embed_dim=512, its weights 8'),
    ],
)
def test_settings_are_numbers_that_fit_the_weights(changes, message):
    with pytest.raises(ValueError, match=message):
        build(**changes)
