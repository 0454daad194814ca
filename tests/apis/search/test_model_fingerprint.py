"""A model is known by what decides its embeddings, and by nothing else."""

import copy
import hashlib

import pytest
import torch

from pir_mm.apis.search.model_fingerprint import model_fingerprint
from pir_mm.version import __version__


def test_the_same_model_has_the_same_fingerprint(colour_model):
    fingerprint, copied = model_fingerprint(colour_model, 3), copy.deepcopy(colour_model)
    assert fingerprint == model_fingerprint(copied, 3)
    assert (fingerprint.width, fingerprint.pir_mm) == (3, __version__)


def test_weights_are_hashed_by_name_type_shape_and_bytes():
    model = torch.nn.Linear(2, 1, bias=False)
    model.weight.data = torch.tensor([[1.0, 2.0]])
    model.cfg = type('Cfg', (), {'model': {}})()
    model.cfg.test_dataloader = type('Loader', (), {})()
    model.cfg.test_dataloader.dataset = type('Dataset', (), {'pipeline': []})()
    content = b'weight torch.float32 (1, 2)' + bytes.fromhex('0000803f00000040')
    assert model_fingerprint(model, 1).weights_sha256 == hashlib.sha256(content).hexdigest()


def test_a_change_of_a_weight_is_seen_also_after_the_first_time(colour_model):
    before = model_fingerprint(colour_model, 3)
    with torch.no_grad():
        colour_model.mix[0, 0] += 1
    after = model_fingerprint(colour_model, 3)
    assert after.weights_sha256 != before.weights_sha256
    assert after.config_sha256 == before.config_sha256


@pytest.mark.parametrize(
    ('change', 'same'),
    [
        ({'model.tokenizer': {'vocab': 'elsewhere/vocab.txt'}}, True),
        ({'model.encoder': {'init': 'weights.pth', 'init_cfg': None}}, True),
        ({'work_dir': 'elsewhere'}, True),
        ({'model.tokenizer': {'max_tokens': 5}}, False),
        ({'model.width': 4}, False),
        ({'test_dataloader.dataset.pipeline.1.scale': (9, 9)}, False),
    ],
)
def test_only_what_decides_an_embedding_counts(colour_model, change, same):
    base = {'model.tokenizer': {'vocab': 'a'}, 'model.encoder': {'init': 'b'}}
    colour_model.cfg.merge_from_dict(base)
    base = model_fingerprint(colour_model, 3).config_sha256
    colour_model.cfg.merge_from_dict(change)
    assert (model_fingerprint(colour_model, 3).config_sha256 == base) == same


def test_another_vocabulary_is_another_model(colour_model, tmp_path):
    def fingerprint(words):
        if words is not None:
            (tmp_path / 'vocab.txt').write_text(words)
        return model_fingerprint(colour_model, 3)

    colour_model.cfg.merge_from_dict({'model.tokenizer': {'vocab': str(tmp_path / 'vocab.txt')}})
    unknown, first, second = fingerprint(None), fingerprint('a\nb\n'), fingerprint('b\na\n')
    assert unknown.vocab_sha256 == ''
    assert first.differences(second)[0].startswith('vocabulary (sha256 ')
    assert first.differences(unknown) == unknown.differences(second) == []
