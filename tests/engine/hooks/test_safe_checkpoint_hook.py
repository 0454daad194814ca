"""The hook in a real Runner, on a model of four numbers."""

import itertools
import os
import shutil

import pytest
import torch
from mmengine.config import Config
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.fileio import get_file_backend
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn

from pir_mm.engine import SafeCheckpointHook, load_local_files_safely
from pir_mm.engine.hooks.safe_checkpoint_hook import AtomicBackend, last_checkpoint


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
        score = self.scores.pop(0)
        return {'mR': score, 'R@1': -score}


NUMBERS = itertools.count()


def build(work_dir, epochs, scores, resume=False, load_from=None, cfg=None, best='mR'):
    load_local_files_safely()
    torch.manual_seed(0)
    hook = dict(type='pir_mm.SafeCheckpointHook', interval=1, save_best=best, rule='greater')
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
        load_from=load_from,
        cfg=cfg,
        log_level='ERROR',
        experiment_name=f'{work_dir.name}_{next(NUMBERS)}',
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


def test_the_best_stays_the_best_when_a_validation_is_no_better(tmp_path):
    build(tmp_path, 3, [3.0, 1.0, 4.0]).train()
    assert names(tmp_path) == ['best_mR_epoch_3.pth', 'epoch_2.pth', 'epoch_3.pth']


def test_the_log_of_a_resumed_run_goes_on(tmp_path):
    build(tmp_path, 2, [1.0, 2.0]).train()
    resumed = build(tmp_path, 3, [3.0], resume=True)
    resumed.train()
    curve = resumed.message_hub.get_scalar('train/loss')
    assert len(curve.data[0]) == 12
    assert curve.mean(window_size=3) == pytest.approx(curve.data[0][-3:].mean())


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.glob('*.pth')}


def test_a_run_resumed_into_another_directory_touches_nothing_of_the_first(tmp_path):
    first, second = tmp_path / 'first', tmp_path / 'second'
    build(first, 2, [5.0, 1.0]).train()
    before = contents(first)
    build(second, 3, [1.0], resume=True, load_from=str(first / 'epoch_2.pth')).train()
    assert contents(second)['best_mR_epoch_1.pth'] == before['best_mR_epoch_1.pth']
    third = tmp_path / 'third'
    build(third, 3, [9.0], resume=True, load_from=str(first / 'epoch_2.pth')).train()
    assert names(third) == ['best_mR_epoch_3.pth', 'epoch_3.pth']
    assert contents(first) == before


def test_several_bests_of_the_first_run_stay_too(tmp_path):
    first, second = tmp_path / 'first', tmp_path / 'second'
    build(first, 2, [5.0, 1.0], best=['mR', 'R@1']).train()
    before = contents(first)
    assert {'best_mR_epoch_1.pth', 'best_R@1_epoch_2.pth'} < set(before)
    start = str(first / 'epoch_2.pth')
    build(second, 3, [9.0], resume=True, load_from=start, best=['mR', 'R@1']).train()
    assert names(second) == ['best_R@1_epoch_2.pth', 'best_mR_epoch_3.pth', 'epoch_3.pth']
    assert contents(first) == before


@pytest.mark.parametrize('how', [shutil.move, shutil.copytree])
def test_a_moved_or_copied_run_goes_on_with_its_own_files(tmp_path, how):
    first, second = tmp_path / 'first', tmp_path / 'second'
    build(first, 2, [5.0, 1.0]).train()
    before = contents(first)
    how(first, second)
    assert last_checkpoint(second) == second / 'epoch_2.pth'
    if first.exists():
        (first / 'epoch_2.pth').write_bytes(b'another run')
    build(second, 3, [9.0], resume=True).train()
    assert names(second) == ['best_mR_epoch_3.pth', 'epoch_2.pth', 'epoch_3.pth']
    if first.exists():
        assert contents(first) == before | {'epoch_2.pth': b'another run'}


def test_a_best_checkpoint_that_is_lost_is_followed_by_the_next(tmp_path):
    build(tmp_path, 2, [5.0, 1.0]).train()
    (tmp_path / 'best_mR_epoch_1.pth').unlink()
    build(tmp_path, 3, [2.0], resume=True).train()
    assert 'best_mR_epoch_3.pth' in names(tmp_path)


def test_the_last_checkpoint_is_named_or_said_to_be_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match='has no checkpoint of a run'):
        last_checkpoint(tmp_path)
    (tmp_path / 'last_checkpoint').write_text('/elsewhere/epoch_3.pth')
    with pytest.raises(FileNotFoundError, match='names epoch_3.pth, which is not there'):
        last_checkpoint(tmp_path)
    (tmp_path / 'epoch_3.pth').touch()
    assert last_checkpoint(tmp_path) == tmp_path / 'epoch_3.pth'


SCHEDULE = {
    'optim_wrapper': {'optimizer': {'type': 'AdamW', 'lr': 0.1, 'betas': (0.9, 0.98)}},
    'param_scheduler': [{'type': 'LinearLR', 'end': 4}],
    'train_cfg': {'max_epochs': 4, 'val_interval': 1},
    'train_dataloader': {'batch_size': 2},
}


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        ({'optim_wrapper.optimizer.lr': 0.2}, 'optim_wrapper.optimizer.lr was 0.1 and is 0.2: put'),
        ({'param_scheduler': []}, 'param_scheduler.0.type was LinearLR and is None'),
        ({'train_cfg.max_epochs': 9}, 'train_cfg.max_epochs was 4 and is 9'),
        ({'train_dataloader.batch_size': 3}, 'train_dataloader.batch_size was 2 and is 3'),
        ({'auto_scale_lr': {'enable': True}}, 'auto_scale_lr.enable was None and is True'),
        ({'randomness': {'seed': 5}}, 'randomness.seed was 3 and is 5'),
        ({'train_cfg.val_interval': 2}, None),
    ],
)
def test_a_schedule_that_would_be_ignored_is_refused(tmp_path, change, reason):
    build(tmp_path, 1, [1.0], cfg=Config(SCHEDULE)).train()
    changed = Config(SCHEDULE)
    changed.merge_from_dict(change)
    runner = build(tmp_path, 2, [2.0], resume=True, cfg=changed)
    if reason is None:
        runner.train()
    else:
        with pytest.raises(ValueError, match=reason):
            runner.train()


def test_a_checkpoint_to_start_from_may_have_another_schedule(tmp_path):
    build(tmp_path / 'a', 1, [1.0], cfg=Config(SCHEDULE)).train()
    start = str(tmp_path / 'a' / 'epoch_1.pth')
    build(tmp_path / 'b', 1, [1.0], load_from=start, cfg=Config({})).train()


@pytest.mark.parametrize('wrap', ['{}', 'module._orig_mod.{}'])
def test_bare_weights_start_a_run_and_resume_none(tmp_path, wrap):
    weights = {wrap.format(name): value + 7 for name, value in Toy().state_dict().items()}
    torch.save(weights, tmp_path / 'bare.pth')
    start = str(tmp_path / 'bare.pth')
    runner = build(tmp_path / 'a', 1, [1.0], load_from=start)
    runner.load_or_resume()
    assert torch.equal(runner.model.layer.bias, weights[wrap.format('layer.bias')])
    with pytest.raises(ValueError, match='holds weights and no state of a run: start from it'):
        build(tmp_path / 'b', 1, [1.0], resume=True, load_from=start).train()


def test_weights_of_another_model_are_refused(tmp_path):
    torch.save({'net.a': torch.ones(1), 'net.b': torch.ones(1)}, tmp_path / 'bare.pth')
    runner = build(tmp_path / 'a', 1, [1.0], load_from=str(tmp_path / 'bare.pth'))
    with pytest.raises(ValueError, match="of another model: 0 of its 2 .* begin with 'net'"):
        runner.load_or_resume()


def test_no_text_of_a_checkpoint_is_run(tmp_path):
    build(tmp_path, 1, [1.0]).train()
    checkpoint = torch.load(tmp_path / 'epoch_1.pth', weights_only=True)
    checkpoint['meta']['config'] = f'open({str(tmp_path / "ran")!r}, "w")'
    torch.save(checkpoint, tmp_path / 'epoch_1.pth')
    build(tmp_path, 2, [2.0], resume=True).train()
    assert not (tmp_path / 'ran').exists()


@pytest.mark.parametrize('keep', [0, 1])
def test_refuses_to_keep_one_checkpoint_only(keep):
    with pytest.raises(ValueError, match=f'max_keep_ckpts={keep}.*set 2 or more'):
        SafeCheckpointHook(max_keep_ckpts=keep)
