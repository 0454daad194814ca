"""BERT weights of the hub, with early names and today's."""

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close

from pir_mm.models.converters.bert import (
    bert_sizes,
    bert_weights,
    checked_heads,
    first_layers,
    from_hf_bert,
    later_layers,
)
from tests.models.converters.layout_files import bert, hf_bert


def test_early_names_become_those_of_today():
    early, today = from_hf_bert(hf_bert()), from_hf_bert(bert())
    assert early.weights.keys() == today.weights.keys() == bert().keys()
    for name, value in bert().items():
        assert_close(early.weights[name], value, atol=0, rtol=0)
    assert {rule: len(names) for rule, names in early.dropped.items()} == {
        'pooler': 2,
        'pre-training heads': 2,
        'made anew': 1,
    }
    assert early.sources['embeddings.LayerNorm.bias'] == ('bert.embeddings.LayerNorm.beta',)


@pytest.mark.parametrize('task', [{}, {'classifier.weight': torch.ones(2, 16)}])
def test_weights_of_a_task_are_left_out(task):
    alone = bert_weights(hf_bert() | task)
    assert alone.keys() == bert().keys()
    for name, value in bert().items():
        assert torch.equal(alone[name], value)


def test_names_without_a_prefix_are_all_of_bert():
    assert bert_weights(bert() | {'classifier.weight': torch.ones(1)}).keys() - bert().keys() == {
        'classifier.weight'
    }


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


def test_layers_are_taken_by_their_numbers():
    """Of twelve, so that layer 1 is not taken for layer 10 or 11."""
    words = {'embeddings.word_embeddings.weight': torch.zeros(1)}
    layers = {f'encoder.layer.{n}.output.dense.bias': torch.tensor(n) for n in range(12)}
    first = first_layers(words | layers, 2, 12, 'f')
    assert list(first) == [*words, *list(layers)[:2]]
    later = later_layers(words | layers, 9, 12, 'f')
    assert later == {f'layer.{n}.output.dense.bias': torch.tensor(9 + n) for n in range(3)}
    for part in (first_layers, later_layers):
        with pytest.raises(
            ValueError, match='f is a BERT of 12 layers, .* of one that has 6: give'
        ):
            part(words | layers, 3, 6, 'f')
