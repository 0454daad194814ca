"""With the authors' weights, our model gives the authors' numbers."""

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close

from pir_mm.models.converters import pir_itr_weights

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
    head=dict(type='pir_mm.RetrievalHead', dim=64),
)
BASELINE = dict(MODEL, instruction_encoder=None, selector=None, spatial_pae=None, temporal_pae=None)
BLOCK, BACKBONE = dict(atol=2e-5, rtol=0), dict(atol=1e-4, rtol=0)
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
    # the projections are linear maps of what is compared: undo nothing, read before them
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
    assert ours['head.losses.contrastive.temperature.value'] == 0.05
    assert ours['head.losses.affiliation.temperature.value'] == 0.09
    with pytest.raises(ValueError, match='logit_scale is no weight of PIR-ITR'):
        pir_itr_weights({**weights, 'logit_scale': torch.ones(())})


def test_another_file_is_refused():
    with pytest.raises(ValueError, match='1 tensors hold no Swin Transformer'):
        pir_itr_weights({'visual.conv1.weight': torch.ones(1)})
