"""Train a model with batch norm on several processes and write what each of them evaluates."""

import os
import sys

import torch
from mmengine.config import Config
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.registry import DATASETS, METRICS, MODELS
from torch import nn

from pir_mm.apis.training import build_runner

FOLDER, RANK = sys.argv[1], int(os.environ['RANK'])


@DATASETS.register_module()
class OwnNumbers(torch.utils.data.Dataset):
    """Each process has other numbers."""

    metainfo = {}

    def __len__(self):
        return 8

    def __getitem__(self, index):
        return torch.full((2,), 10.0 * RANK + index)


@MODELS.register_module()
class Normed(BaseModel):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(2)

    def forward(self, *inputs, mode='tensor'):
        values = self.norm(torch.stack(inputs))
        return {'loss': values.square().mean()} if mode == 'loss' else list(values)


@METRICS.register_module()
class KeepBuffers(BaseMetric):
    def process(self, data_batch, data_samples):
        buffers = dict(model.named_buffers())
        torch.save(buffers, f'{FOLDER}/{self.prefix}{RANK}.pth')
        self.results.append(0)

    def compute_metrics(self, results):
        return {'score': 0.0}


loader = dict(
    batch_size=2,
    num_workers=0,
    dataset=dict(type='OwnNumbers'),
    sampler=dict(type='DefaultSampler', shuffle=False),
)
runtime = Config.fromfile('configs/_base_/default_runtime.py')
config = Config(
    dict(
        default_scope='mmengine',
        launcher='pytorch',
        work_dir=FOLDER,
        model=dict(type='Normed'),
        train_dataloader=loader,
        val_dataloader=loader,
        test_dataloader=loader,
        val_evaluator=dict(type='KeepBuffers', prefix='val'),
        test_evaluator=dict(type='KeepBuffers', prefix='test'),
        train_cfg=dict(by_epoch=True, max_epochs=1),
        val_cfg=dict(),
        test_cfg=dict(),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        default_hooks=runtime.default_hooks,
    )
)
runner = build_runner(config)
model = runner.model.module
runner.train()
if RANK:
    model.norm.running_mean += 1
runner.test()
