"""A training that diverges, in a real Runner."""

import math

import pytest
import torch
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import TensorDataset

from pir_mm.engine import DivergenceHook, SafeCheckpointHook

EPOCH = 3


class Toy(BaseModel):
    """Its loss is ``value`` at ``step``; ``gradient`` then spoils the weights."""

    def __init__(self, step, value, gradient):
        super().__init__()
        self.layer = nn.Linear(1, 1)
        self.plan = step, value, gradient
        self.calls = 0

    def forward(self, x, mode='tensor'):
        if mode != 'loss':
            return [self.layer(x)]
        self.calls += 1
        step, value, gradient = self.plan
        loss = self.layer(x).square().mean()
        if self.calls == step:
            loss = loss.detach() * 0 + value + self.layer.weight.sum() * 0
            self.layer.weight.register_hook(lambda g: g + gradient)
        return {'loss_pull': loss, 'loss_push': torch.tensor(0.25), 'temperature': loss * 0}


class Score(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        return {'score': 1.0}


def train(folder, step=10**9, value=0.0, gradient=0.0):
    data = torch.utils.data.DataLoader(TensorDataset(torch.ones(EPOCH, 1)))
    runner = Runner(
        Toy(step, value, gradient),
        str(folder),
        train_dataloader=data,
        val_dataloader=data,
        val_evaluator=Evaluator(Score()),
        train_cfg={'by_epoch': True, 'max_epochs': 3},
        val_cfg={},
        optim_wrapper={'optimizer': {'type': 'SGD', 'lr': 0.01}},
        default_hooks={
            'checkpoint': {
                'type': SafeCheckpointHook,
                'interval': 1,
                'save_best': 'score',
                'rule': 'greater',
            }
        },
        custom_hooks=[{'type': DivergenceHook}],
        default_scope='pir_mm',
        experiment_name=folder.name,
    )
    runner.train()


def saved(folder):
    return sorted(path.name for path in folder.glob('*.pth'))


@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_stops_the_run_at_its_step(tmp_path, value):
    with pytest.raises(FloatingPointError) as error:
        train(tmp_path, step=5, value=value)
    losses = f'loss_pull {value:g}, loss_push 0.25'
    assert f'training diverged at step 5: loss {value:g}, {losses}' in str(error.value)
    assert 'temperature' not in str(error.value)
    assert saved(tmp_path) == ['best_score_epoch_1.pth', 'epoch_1.pth']


def test_weights_that_are_not_finite_are_never_saved(tmp_path):
    with pytest.raises(FloatingPointError, match='step 6: 1 of 2 tensors .* layer.weight'):
        train(tmp_path, step=2 * EPOCH, value=1.0, gradient=math.nan)
    assert saved(tmp_path) == ['best_score_epoch_1.pth', 'epoch_1.pth']
    assert (tmp_path / 'last_checkpoint').read_text().endswith('epoch_1.pth')


def test_a_finite_run_is_left_alone(tmp_path):
    train(tmp_path)
    assert 'epoch_3.pth' in saved(tmp_path)
