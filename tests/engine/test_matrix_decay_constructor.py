"""Which parameters are decayed, on a model that has one of each kind."""

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

from pir_mm.registry import MODELS


class OneOfEach(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 2)
        self.batch_norm = nn.BatchNorm2d(2)
        self.layer_norm = nn.LayerNorm((2, 2))
        self.table_bias = nn.Parameter(torch.ones(2, 2))
        self.positions = nn.Parameter(torch.ones(4, 2))
        self.scale = nn.Parameter(torch.ones(()))
        self.head = MODELS.build({'type': 'pir_mm.RetrievalHead'})


DECAYED = {'linear.weight', 'positions'}


def settings(rules=None, weight_decay=0.5):
    optimizer = {'type': 'SGD', 'lr': 0.1}
    if weight_decay is not None:
        optimizer['weight_decay'] = weight_decay
    schedule = {'constructor': 'pir_mm.MatrixDecayConstructor', 'optimizer': optimizer}
    model = OneOfEach()
    built = build_optim_wrapper(model, schedule | ({'paramwise_cfg': rules} if rules else {}))
    groups = {id(p): g for g in built.optimizer.param_groups for p in g['params']}
    return {name: groups[id(parameter)] for name, parameter in model.named_parameters()}


@pytest.mark.parametrize(
    'rules',
    [
        None,
        {'custom_keys': {'norm': {'lr_mult': 0.3}, 'linear': {'lr_mult': 0.3}}},
        {'custom_keys': {name: {'decay_mult': 2.0} for name in ('norm', 'bias', 'scale', 'temp')}},
        {'norm_decay_mult': 1.0, 'bias_decay_mult': 1.0, 'flat_decay_mult': 1.0},
    ],
    ids=['no rule', 'slower parts', 'decay by name', 'decay by kind'],
)
def test_only_matrices_are_decayed_whatever_the_rules_say(rules):
    decay = {name: group['weight_decay'] for name, group in settings(rules).items()}
    assert {name for name, value in decay.items() if value} == DECAYED
    assert {decay[name] for name in DECAYED} == {0.5}


def test_the_learning_rate_of_a_rule_stays():
    rules = {'custom_keys': {'norm': {'lr_mult': 0.3}}}
    rates = {name: group['lr'] for name, group in settings(rules).items()}
    assert rates['batch_norm.weight'] == pytest.approx(0.03)
    assert rates['linear.weight'] == 0.1


def test_a_rule_may_free_a_matrix():
    rules = {'custom_keys': {'positions': {'decay_mult': 0.0}}}
    assert settings(rules)['positions']['weight_decay'] == 0


def test_an_optimiser_without_decay_is_left_alone():
    assert {group['weight_decay'] for group in settings(weight_decay=None).values()} == {0}
