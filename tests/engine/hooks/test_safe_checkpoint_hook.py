"""The hook in a real Runner, on a model of four numbers."""

import os

import pytest
import torch
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.fileio import get_file_backend
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn

from pir_mm.engine import SafeCheckpointHook, load_local_files_safely
from pir_mm.engine.hooks.safe_checkpoint_hook import AtomicBackend


def test_is_found_by_its_name():
    assert isinstance(get_file_backend(backend_args={'backend': 'pir_mm.atomic'}), AtomicBackend)


def test_writes_what_it_is_given_and_leaves_nothing_else(tmp_path):
    AtomicBackend().put(b'weights', tmp_path / 'new' / 'a.pth')
    assert (tmp_path / 'new' / 'a.pth').read_bytes() == b'weights'
    assert os.listdir(tmp_path / 'new') == ['a.pth']


def test_a_write_that_dies_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / 'a.pth'
    path.write_bytes(b'old')

    def die(*_):
        raise OSError('no space left')

    monkeypatch.setattr(os, 'fsync', die)
    with pytest.raises(OSError, match='no space'):
        AtomicBackend().put(b'new', path)
    assert path.read_bytes() == b'old'
    assert os.listdir(tmp_path) == ['a.pth']


class Toy(BaseModel):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 1)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x, mode='tensor'):
        y = self.layer(self.dropout(x))
        return {'loss': y.square().mean()} if mode == 'loss' else [y]


class Scores(BaseMetric):
    """Gives the scores it was told, one a validation."""

    def __init__(self, scores):
        super().__init__()
        self.scores = list(scores)

    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        torch.rand(3)  # a validation that draws random numbers must not change the training
        return {'mR': self.scores.pop(0)}


def build(work_dir, epochs, scores, resume=False):
    load_local_files_safely()
    torch.manual_seed(0)
    hook = dict(type='pir_mm.SafeCheckpointHook', interval=1, save_best='mR', rule='greater')
    data = [{'x': row} for row in torch.arange(24.0).view(8, 3)]
    loader = dict(
        batch_size=2,
        num_workers=0,
        dataset=data,
        sampler=dict(type='DefaultSampler', shuffle=True),
        collate_fn=dict(type='default_collate'),
    )
    return Runner(
        Toy(),
        str(work_dir),
        train_dataloader=loader,
        val_dataloader=loader,
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        val_cfg=dict(),
        val_evaluator=Evaluator(Scores(scores)),
        optim_wrapper=dict(optimizer=dict(type='AdamW', lr=0.1)),
        param_scheduler=dict(type='LinearLR', start_factor=0.1, end=4),
        default_hooks=dict(checkpoint=hook),
        custom_hooks=[dict(type='pir_mm.EpochSeedHook')],
        randomness=dict(seed=3),
        resume=resume,
        log_level='ERROR',
        experiment_name=f'{work_dir.name}_{epochs}_{resume}',
    )


def names(work_dir):
    return sorted(path.name for path in work_dir.glob('*.pth'))


def test_keeps_two_epochs_and_the_best_and_loads_without_unpickling(tmp_path):
    build(tmp_path, 4, [1.0, 3.0, 2.0, 2.5]).train()
    assert names(tmp_path) == ['best_mR_epoch_2.pth', 'epoch_3.pth', 'epoch_4.pth']
    checkpoint = torch.load(tmp_path / 'epoch_4.pth', weights_only=True)
    assert len(checkpoint['message_hub']['log_scalars']['train/loss'][0]) == 16


def test_the_old_best_lies_there_until_the_new_one_is_written(tmp_path, monkeypatch):
    runner = build(tmp_path, 2, [1.0, 2.0])
    seen = []
    save = runner.save_checkpoint

    def watch(out_dir, filename, *args, **kwargs):
        seen.append((filename, names(tmp_path)))
        save(out_dir, filename, *args, **kwargs)

    monkeypatch.setattr(runner, 'save_checkpoint', watch)
    runner.train()
    before = dict(seen)['best_mR_epoch_2.pth']
    assert 'best_mR_epoch_1.pth' in before
    assert 'best_mR_epoch_1.pth' not in names(tmp_path)


def test_a_resumed_run_ends_in_the_same_weights_bit_for_bit(tmp_path):
    whole = build(tmp_path / 'whole', 4, [1.0, 2.0, 3.0, 4.0])
    whole.train()
    build(tmp_path / 'cut', 2, [1.0, 2.0]).train()
    resumed = build(tmp_path / 'cut', 4, [3.0, 4.0], resume=True)
    resumed.train()
    assert resumed.epoch == 4
    for name, value in whole.model.state_dict().items():
        assert torch.equal(resumed.model.state_dict()[name], value), name
    assert names(tmp_path / 'cut') == names(tmp_path / 'whole')


@pytest.mark.parametrize('keep', [0, 1])
def test_refuses_to_keep_one_checkpoint_only(keep):
    with pytest.raises(ValueError, match=f'max_keep_ckpts={keep}.*set 2 or more'):
        SafeCheckpointHook(max_keep_ckpts=keep)
