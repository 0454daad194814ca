"""BERT weights of the hub, with the names of its first files and of later ones."""

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close

from pir_mm.models.converters.hf_bert import bert_sizes, checked_heads, from_hf_bert
from tests.models.converters.layout_files import bert, hf_bert


def test_names_of_the_first_files_are_those_of_the_later():
    first, later = from_hf_bert(hf_bert()), from_hf_bert(bert())
    assert first.weights.keys() == later.weights.keys() == bert().keys()
    for name, value in bert().items():
        assert_close(first.weights[name], value, atol=0, rtol=0)
    assert {rule: len(names) for rule, names in first.dropped.items()} == {
        'pooler': 2,
        'pre-training heads': 2,
        'made anew': 1,
    }
    assert first.sources['embeddings.LayerNorm.bias'] == ('bert.embeddings.LayerNorm.beta',)


def test_fills_an_encoder_of_its_sizes():
    conversion = from_hf_bert(hf_bert(), heads=4)
    assert bert_sizes(bert()) == dict(
        vocab_size=60, hidden_size=16, layers=1, intermediate_size=24, max_positions=12
    )
    encoder = MODELS.build(conversion.target).bert
    encoder.load_state_dict(conversion.fitted(encoder.state_dict()))
    assert encoder.config.num_attention_heads == 4
    assert torch.equal(
        encoder.encoder.layer[0].output.dense.weight,
        hf_bert()['bert.encoder.layer.0.output.dense.weight'],
    )
    assert 'vocab_size=60, hidden_size=16, layers=1' in conversion.notes[0]


def test_heads_divide_the_width():
    assert checked_heads(4, {'hidden_size': 16}) == 4
    for heads in (3, 0):
        with pytest.raises(ValueError, match=f'^{heads} heads do not divide the width 16'):
            checked_heads(heads, {'hidden_size': 16})
