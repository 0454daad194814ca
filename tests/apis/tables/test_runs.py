"""A table measured for real: runs, resumes, re-measures and refuses."""

import json
import subprocess
import sys

import pytest
import torch
from mmengine.runner import EpochBasedTrainLoop

from pir_mm.apis.tables import run as run_module
from pir_mm.apis.tables import runs as runs_module
from pir_mm.apis.tables.run import Run, finished_result, measure
from pir_mm.apis.tables.runs import run_table
from pir_mm.apis.training.running import run_test
from pir_mm.files.weights import read_checkpoint
from tests.cascade_files import (
    config_text,
    filter_files,
    fusion_files,
    fusion_model,
    named,
    taught_model,
)
from tests.conftest import DEMO, ROOT

ROW = f"""
_base_ = {str(DEMO)!r}
train_cfg = dict(max_epochs=2, val_interval=1)
default_hooks = dict(visualization=dict(queries=1, top_k=1))
"""


@pytest.fixture
def run(tiny_options, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = tmp_path / 'row.py'
    config.write_text(ROW)
    return Run(config, 3, tuple(tiny_options), tmp_path / 'results', tmp_path / 'runs')


def table(run, seeds, **changes):
    given = {'results': run.results, 'work_dirs': run.work_dirs, 'out': run.results / 'table'}
    return run_table([run.config], seeds, **given | {'options': run.options} | changes)


def test_a_run_is_measured_once(run, monkeypatch):
    result = measure(run)
    assert result == json.loads(run.result.read_text())
    assert [epoch for epoch, _ in result['val_mR']] == [1, 2]
    best = read_checkpoint(run.work_dir / result['best'])
    assert best['meta']['seed'] == 3
    assert result['parameters']['trained'] < result['parameters']['all']

    monkeypatch.setattr(run_module, 'train', None)  # nothing may be trained again
    assert measure(run) == result

    copies = run.results / 'copies.json'
    copies.write_text(json.dumps({'copies': [{'picture': 'elsewhere.png'}]}))
    again = Run(run.config, 3, run.options, run.results, run.work_dirs, copies)
    assert finished_result(again) is None
    with_list = measure(again)
    assert with_list['metrics'] == result['metrics']
    assert with_list['left_out']['pictures'] == 0
    assert finished_result(again) == with_list

    copies.write_text(json.dumps({'copies': []}))
    (run.work_dir / 'last_checkpoint').unlink()
    with pytest.raises(ValueError, match='its checkpoint is not in'):
        finished_result(again)

    run.config.write_text(ROW.replace('max_epochs=2', 'max_epochs=3'))
    with pytest.raises(ValueError, match=r'row_seed3.json was made with another config'):
        measure(run)
    run.result.unlink()
    with pytest.raises(ValueError, match=r'row_seed3 was made with another config'):
        measure(run)


LOGGED = dict(
    default_hooks=dict(
        checkpoint=dict(type='pir_mm.SafeCheckpointHook'),
        logger=dict(type='LoggerHook', interval=1),
    ),
    visualizer=dict(vis_backends=[dict(type='LocalVisBackend')]),
)


def test_a_model_without_embeddings_is_measured_as_it_is_tested(scenes, tmp_path):
    teacher = fusion_files(tmp_path / 'teacher', scenes)
    config = tmp_path / 'filter.py'
    config.write_text(config_text(scenes, taught_model(scenes, teacher), 32, **LOGGED))
    run = Run(config, 0, (), tmp_path / 'results', tmp_path / 'runs')
    with pytest.raises(ValueError, match='does not rank by embeddings, so it is measured on whole'):
        measure(Run(config, 0, (), run.results, run.work_dirs, tmp_path / 'copies.json'))
    result = measure(run)
    tested = run_test(run.load_config(), str(run.work_dir / result['best']))[1]
    assert result['metrics'] == {key: tested[key] for key in result['metrics']}
    assert list(result['weights']) == [str(teacher.checkpoint)] and 'cascade' not in result
    assert len(result['hits']) == result['pictures'] < result['captions']


def test_a_cascade_is_measured_behind_its_filter(scenes, tmp_path):
    filter = filter_files(tmp_path, scenes)
    cascade = dict(cascade=dict(k=[2, 'all'], filter=named(filter)))
    text = config_text(scenes, fusion_model(scenes), 32, test_cfg=cascade, **LOGGED)
    config = tmp_path / 'fusion.py'
    config.write_text(text + 'val_cfg = val_evaluator = val_dataloader = None\n')
    run = Run(config, 0, (), tmp_path / 'results', tmp_path / 'runs')
    with pytest.raises(ValueError, match='leave --leave-out out'):
        measure(Run(config, 0, (), run.results, run.work_dirs, tmp_path / 'copies.json'))
    result = measure(run)
    assert result == finished_result(run)
    assert (result['best'], result['val_mR']) == ('epoch_1.pth', [])
    assert list(result['weights']) == [str(filter.checkpoint)]
    pictures, captions = result['pictures'], result['captions']
    assert len(result['hits']) == pictures < sum(result['captions_per_picture']) == captions
    tested = run_test(run.load_config(), str(run.work_dir / 'epoch_1.pth'))[1]
    assert result['metrics']['mR'] == tested['mR']
    found = result['cascade']
    assert list(found['by_k']) == ['2', str(captions)] and 'filter' in found['milliseconds']
    assert (
        found['by_k'][str(captions)] == tested['mR']
        and found['filter']['metrics']['mR'] == tested['filter/mR']
    )
    assert found['by_k']['2'] == tested['k2/mR']
    table(run, [0], options=())
    assert '| `fusion` | 1 |' in (run.results / 'table.md').read_text()


def test_a_killed_run_goes_on_where_it_stopped(run, monkeypatch):
    run_epoch = EpochBasedTrainLoop.run_epoch

    def killed(loop):
        if loop.epoch == 1:
            raise KeyboardInterrupt
        run_epoch(loop)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(EpochBasedTrainLoop, 'run_epoch', killed)
        measure(run)
    assert not run.result.exists()
    assert [epoch for epoch, _ in measure(run)['val_mR']] == [1, 2]
    starts = list(run.work_dir.glob('*/vis_data/scalars.json'))
    logs = ''.join(path.with_name('config.py').read_text() for path in starts)
    assert 'resume=True' in logs.replace(' ', '')


def test_one_failed_run_stops_no_other(run, capfd):
    other = run.config.with_name('broken.py')
    run.config.write_text(ROW.replace('max_epochs=2', 'max_epochs=1'))
    other.write_text(run.config.read_text() + "model = dict(tokenizer=dict(vocab='no/file'))\n")
    options = [option for option in run.options if 'vocab' not in option]
    vocab = next(option for option in run.options if 'vocab' in option).partition('=')[2]
    run.config.write_text(
        run.config.read_text() + f'model = dict(tokenizer=dict(vocab={vocab!r}))\n'
    )
    places = {'results': run.results, 'work_dirs': run.work_dirs, 'out': run.results / 'table'}
    failed = run_table([other, run.config], [0], options=options, baseline='row', **places)
    assert len(failed) == 1 and failed[0].startswith('broken seed 0:') and 'no/file' in failed[0]
    rows = json.loads((run.results / 'table.json').read_text())
    assert [(row['name'], row['seeds']) for row in rows] == [('row', [0])]
    assert 'Epoch(train)' in (run.work_dirs / 'row_seed0' / 'console.log').read_text()
    assert 'Epoch(train)' not in capfd.readouterr().out

    assert table(run, [0, 1], options=options, report_only=True) == []
    assert not (run.work_dirs / 'row_seed1').exists()


def test_finished_runs_come_first_and_threads_are_shared(run, monkeypatch):
    done = Run(run.config, 1, run.options, run.results, run.work_dirs)
    monkeypatch.setattr(runs_module, 'finished_result', lambda r: {} if r is done else None)
    assert next(runs_module._results([run, done], 1)) == (done, {})
    threads = []
    monkeypatch.setattr(torch, 'set_num_threads', threads.append)
    monkeypatch.setattr(runs_module, 'measure', lambda run: {})
    monkeypatch.setattr(runs_module.os, 'cpu_count', lambda: 8)
    monkeypatch.setattr(runs_module.os, 'dup2', lambda *_: None)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    runs_module._measure_logged(run, 3)
    assert threads == [2]


@pytest.mark.parametrize(
    ('changes', 'reason'),
    [
        ({'seeds': [1, 1]}, 'seed 1 is given twice'),
        ({'jobs': 0}, 'jobs must be at least 1'),
        ({'baseline': 'nobody'}, "baseline 'nobody' is not one of row"),
        ({'report_only': True}, 'no run is finished'),
    ],
)
def test_refuses(run, changes, reason):
    with pytest.raises(ValueError, match=reason):
        table(run, **{'seeds': [0], **changes})


def test_refuses_missing_files(run):
    with pytest.raises(FileNotFoundError, match=r'gone.json does not exist'):
        table(run, [0], leave_out=run.config.with_name('gone.json'))
    run.config.unlink()
    with pytest.raises(FileNotFoundError, match=r'row.py does not exist'):
        table(run, [0])


ORPHAN = """
import multiprocessing, time
from pir_mm.apis.tables.runs import end_with_parent

def work():
    end_with_parent()
    print('at work', flush=True)
    time.sleep(100)

process = multiprocessing.get_context('fork').Process(target=work)
process.start()
process.join()
"""


def test_a_run_ends_with_the_table_that_started_it():
    table = subprocess.Popen([sys.executable, '-c', ORPHAN], stdout=subprocess.PIPE, cwd=ROOT)
    assert table.stdout.readline() == b'at work\n'
    table.kill()
    table.communicate(timeout=30)  # ends when nobody holds the pipe any more
