"""What a run has logged over all its starts: later ones win, cut lines are no harm."""

import json

import pytest

from pir_mm.apis.tables.run_log import read_run


def start(work_dir, time, *lines):
    folder = work_dir / time / 'vis_data'
    folder.mkdir(parents=True)
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    (folder / 'scalars.json').write_text('\n'.join(texts))


def train(iteration, loss, epoch=1):
    return {'loss': loss, 'epoch': epoch, 'iter': iteration, 'step': iteration}


def validate(epoch, recall):
    return {'mR': recall, 'data_time': 0.1, 'step': epoch}


def test_a_resumed_run_goes_on_and_its_later_start_wins(tmp_path):
    run = tmp_path / 'my_run'
    old = [train(20, 9.0), train(40, 8.0), validate(1, 1.0), train(60, 7.0, 2), validate(2, 2.0)]
    start(run, '20260102_000000', train(40, 5.0), train(80, 4.0, 2), validate(2, 6.0))
    start(run, '20260101_000000', *old)
    read = read_run(run)
    assert (read.name, read.starts, read.by_epoch) == ('my_run', 2, True)
    assert {step: line['loss'] for step, line in read.training.items()} == {
        20: 9, 40: 5, 60: 7, 80: 4,
    }  # fmt: skip
    assert list(read.training) == [20, 40, 60, 80]
    assert {step: line['mR'] for step, line in read.validation.items()} == {1: 1, 2: 6}


def test_a_mere_validation_is_no_part_of_the_run(tmp_path):
    start(tmp_path, '1', train(20, 9.0), validate(1, 1.0))
    start(tmp_path, '2', validate(0, 50.0))
    read = read_run(tmp_path)
    assert read.starts == 1 and list(read.validation) == [1]


def test_a_run_by_iteration_is_told_apart(tmp_path):
    start(tmp_path, '1', {'loss': 1.0, 'iter': 20, 'step': 20}, validate(20, 1.0))
    assert not read_run(tmp_path).by_epoch


def test_the_last_line_may_be_cut_another_may_not(tmp_path):
    start(tmp_path / 'a', '1', train(20, 9.0), '{"loss": 3')
    assert list(read_run(tmp_path / 'a').training) == [20]
    start(tmp_path / 'b', '1', train(20, 9.0), '{"loss": 3', train(60, 8.0))
    with pytest.raises(ValueError, match=r'scalars.json, line 2, is damaged'):
        read_run(tmp_path / 'b')
    start(tmp_path / 'c', '1', '7', train(60, 8.0))
    with pytest.raises(ValueError, match=r'line 1, is damaged'):
        read_run(tmp_path / 'c')


def test_one_start_can_be_given_by_its_own_folder(tmp_path):
    start(tmp_path, '1', train(20, 9.0))
    start(tmp_path, '2', train(20, 5.0))
    assert read_run(tmp_path / '1').training[20]['loss'] == 9


def test_says_what_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere is not a folder'):
        read_run(tmp_path / 'nowhere')
    with pytest.raises(FileNotFoundError, match='has no TIME/vis_data/scalars.json'):
        read_run(tmp_path)
    start(tmp_path, '1')
    with pytest.raises(ValueError, match='no training was logged in .*scalars.json'):
        read_run(tmp_path)


def test_minutes_of_all_starts(tmp_path):
    start(tmp_path, '1', train(20, 9.0) | {'time': 1.0}, train(40, 8.0) | {'time': 9.0})
    start(tmp_path, '2', train(40, 8.0) | {'time': 2.0}, train(50, 7.0) | {'time': 2.0})
    assert read_run(tmp_path).minutes == pytest.approx((20 * 1 + 20 * 2 + 10 * 2) / 60)
