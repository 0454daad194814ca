"""CLIP's cases on a tiny architecture: both ways are equal, and what is wrong is noticed."""

import re
import sys

import numpy as np
import pytest
import torch

from pir_mm.apis.benchmarking import clip_cases, model_cases, run_cases
from pir_mm.apis.benchmarking.contest import UnableError, measure
from pir_mm.models.retrievers import CLIPRetriever

ARCH = dict(
    embed_dim=64,
    vision_cfg=dict(image_size=224, layers=2, width=64, patch_size=32),
    text_cfg=dict(context_length=77, vocab_size=30000, width=8, heads=1, layers=1),
)


@pytest.fixture
def clip(monkeypatch):
    pytest.importorskip('open_clip')
    monkeypatch.setattr(model_cases, 'cpu_multiplies_bf16', lambda: True)


def test_gradients_of_chunks_are_those_of_the_batch(clip):
    contest = clip_cases.cached_gradient(ARCH, pairs=16, chunk=3)
    result = measure(contest, repeats=1)
    assert result['equal'] and result['against'] == '16 pairs at once in place of 3 at a time'
    assert all(gradient.abs().max() > 0 for gradient in contest.ours())


def test_a_chunk_without_its_gradient_is_noticed(clip, monkeypatch):
    def first_alone(model, encode, count):
        rows = encode(slice(0, count))
        kept = count if model.chunk is None else model.chunk
        return torch.cat([rows[:kept], rows[kept:].detach()])

    monkeypatch.setattr(CLIPRetriever, '_in_chunks', first_alone)
    assert not measure(clip_cases.cached_gradient(ARCH, pairs=16, chunk=3), repeats=1)['equal']


def test_bfloat16_stays_near_float32(clip):
    contest = clip_cases.encode_clip(ARCH, pictures=4)
    assert measure(contest, repeats=1)['equal']
    assert np.abs(contest.ours() - contest.alternative()).max() > 0


def test_the_embedding_of_another_picture_is_noticed(clip, monkeypatch):
    def shifted(model, pixels):
        vectors = embed_images(model, pixels)
        return np.roll(vectors, 1, axis=0) if torch.is_autocast_enabled('cpu') else vectors

    embed_images = clip_cases.embed_images
    monkeypatch.setattr(clip_cases, 'embed_images', shifted)
    assert not measure(clip_cases.encode_clip(ARCH, pictures=4), repeats=1)['equal']


def test_a_cpu_without_bfloat16_says_so(monkeypatch):
    monkeypatch.setattr(model_cases, 'cpu_multiplies_bf16', lambda: False)
    with pytest.raises(UnableError, match='no bfloat16 arithmetic'):
        clip_cases.encode_clip(ARCH)


@pytest.mark.parametrize('name', ['cached_gradient', 'encode_clip_bf16'])
def test_a_missing_library_is_told_in_a_sentence(name, tmp_path, monkeypatch):
    monkeypatch.setattr(model_cases, 'cpu_multiplies_bf16', lambda: True)
    monkeypatch.setitem(sys.modules, 'open_clip', None)
    told = f'{name} was not run: CLIP needs open_clip: install it by `pip install "pir_mm[clip]"`'
    with pytest.raises(ValueError, match=f'^{re.escape(told)}$'):
        run_cases([name], tmp_path)
