"""The authors' checkpoint, converted and loaded by the public functions, gives their outputs."""

import importlib.util
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from pir_mm.apis import load_retriever
from pir_mm.apis.weights.conversion import convert_checkpoint
from pir_mm.models.losses import EmbeddedPairs

ROOT = Path(__file__).parents[3]
GOLDEN = Path(os.environ.get('PIR_MM_SHARED', ROOT.parent / 'shared')) / 'golden'
CASES = sorted(path.stem for path in GOLDEN.glob('pir_itr_*.json')) or ['pir_itr_small']
HEADS = {'pir_itr_small': 4}  # of BERT; the others have one for each 64 of its width
BLOCK, BACKBONE, LOSS = (dict(atol=limit, rtol=0) for limit in (2e-5, 1e-4, 1e-5))


def drawn(seed, *shape):
    return torch.from_numpy(np.random.RandomState(seed).standard_normal(shape).astype('float32'))


def opened(name):
    with np.load(GOLDEN / f'{name}.npz') as arrays:
        return {key: torch.from_numpy(arrays[key]) for key in arrays}


@pytest.fixture(scope='module', params=CASES)
def official(shared_dir, request):
    """Name, checkpoint and outputs of a case."""
    if not GOLDEN.is_dir():
        pytest.skip(f'{GOLDEN} is absent')
    spec = importlib.util.spec_from_file_location('official_layout', GOLDEN / 'official_layout.py')
    layout = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(layout)
    manifest = json.loads((GOLDEN / f'{request.param}.json').read_text())
    return request.param, layout.checkpoint(manifest), opened(request.param)


def converted(folder, name, checkpoint):
    torch.save(checkpoint, folder / 'official.pth')
    out = folder / f'{name}.pth'
    convert_checkpoint('pir-itr', folder / 'official.pth', out, bert_heads=HEADS.get(name))
    return load_retriever(checkpoint=out)


@pytest.fixture(scope='module')
def model(official, tmp_path_factory):
    return converted(tmp_path_factory.mktemp('golden'), *official[:2])


@pytest.fixture(scope='module')
def images():
    return drawn(1, 3, 3, 224, 224)


def before_projection(encoder, *inputs):
    seen = []
    hook = encoder.projection.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    encoder(*inputs)
    hook.remove()
    return seen


@torch.no_grad()
def test_encoders(model, official, images):
    outputs = official[2]
    ids = outputs['token_ids']
    pooled, tokens = before_projection(model.image_encoder, images)
    assert_close(torch.cat([pooled[:, None], tokens], 1), outputs['vision_tokens'], **BACKBONE)
    (tokens,) = before_projection(model.text_encoder, ids, ids != 0)
    assert_close(tokens, outputs['text_tokens'], **BACKBONE)
    (instruction,) = before_projection(model.instruction_encoder, images)
    assert_close(instruction, outputs['instruction'], **BACKBONE)


@torch.no_grad()
def test_attention_blocks(model, official):
    outputs, dim = official[2], model.cfg.model.image_encoder.dim
    tokens, query = drawn(3, 4, 40, dim), drawn(4, 4, 40, dim)
    own = model.spatial_pae.self_attention[1](tokens)
    crossed = model.spatial_pae.cross_attention[0](tokens, query=query)
    assert_close(own, outputs['block_self_attention'], **BLOCK)
    assert_close(crossed, outputs['block_cross_attention'], **BLOCK)


@torch.no_grad()
def test_embeddings(model, official, images, monkeypatch):
    outputs = official[2]
    ids = outputs['token_ids']
    assert model.selector.keep == 40
    no_mask_counts = torch.arange(ids.size(1)).expand_as(ids) < 5
    assert_close(model.encode_text(ids, no_mask_counts), outputs['text_embedding'], **BLOCK)
    for keep in (40, 10, 50):
        monkeypatch.setattr(model.selector, 'keep', keep)
        expected = outputs[f'image_embedding_hard_keep{keep}']
        assert_close(model.encode_image(images), expected, **BLOCK)


@torch.no_grad()
def test_baseline(official, images, tmp_path):
    name, checkpoint, outputs = official
    parts = ('mapping', 'img_', 'txt_', 'head_', 'conv_')
    weights = {n: w for n, w in checkpoint['model'].items() if not n.startswith(parts)}
    model = converted(tmp_path, name, dict(checkpoint, model=weights))
    ids = outputs['token_ids']
    text = model.encode_text(ids, ids != 0)
    assert_close(model.encode_image(images), outputs['image_embedding_baseline'], **BLOCK)
    assert_close(text, outputs['text_embedding_baseline'], **BLOCK)


@pytest.mark.parametrize('name', ['contrastive', 'affiliation'])
def test_losses_and_their_gradients(model, name):
    given = opened('losses')
    image, text = (given[f'{side}_embedding'].requires_grad_() for side in ('image', 'text'))
    rows = torch.arange(len(text))
    n_scenes = int(given['label'].max()) + 1
    pairs = EmbeddedPairs(image, text, rows, given['image_id'], rows, given['label'], n_scenes)
    values = model.head.loss(pairs)
    assert_close(values[f'loss_{name}'], given[name], **LOSS)
    values[f'loss_{name}'].backward()
    assert_close(image.grad, given[f'{name}_grad_image'], **LOSS)
    assert_close(text.grad, given[f'{name}_grad_text'], **LOSS)
