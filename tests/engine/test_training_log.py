"""Logs of several starts, joined."""

import json

import pytest

from pir_mm.engine.training_log import read_training_log


def write(work_dir, start, *entries):
    file = work_dir / start / 'vis_data' / 'scalars.json'
    file.parent.mkdir(parents=True)
    file.write_text('\n'.join(map(json.dumps, entries)) + '\n')
    return file


def test_later_starts_win_and_minutes_add_up(tmp_path):
    write(
        tmp_path,
        '20260101_000000',
        {'loss': 4.0, 'time': 1.0, 'step': 20},
        {'loss': 3.0, 'time': 9.0, 'step': 40},
        {'mR': 5.0, 'time': 0.1, 'step': 1},
    )
    write(
        tmp_path,
        '20260102_000000',
        {'loss': 3.5, 'time': 2.0, 'step': 40},
        {'loss': 3.0, 'time': 2.0, 'step': 50},
        {'mR': 6.0, 'time': 0.1, 'step': 1},
        {'mR': 7.0, 'other': 1.0, 'step': 2},
    )
    log = read_training_log(tmp_path)
    assert [entry['loss'] for entry in log.train] == [4.0, 3.5, 3.0]
    assert log.validated('mR') == [(1, 6.0), (2, 7.0)]
    assert log.validated('other') == [(2, 1.0)]
    assert log.minutes == pytest.approx((20 * 1 + 20 * 2 + 10 * 2) / 60)


def test_the_cut_line_of_a_killed_run_is_passed_over(tmp_path):
    file = write(tmp_path, 'a', {'loss': 4.0, 'time': 1.0, 'step': 20})
    file.write_text(file.read_text() + '{"loss": 3.')
    assert len(read_training_log(tmp_path).train) == 1


def test_without_training_there_are_no_minutes(tmp_path):
    write(tmp_path, 'a', {'mR': 5.0, 'step': 0})
    assert read_training_log(tmp_path).minutes is None


def test_refuses_a_folder_without_log(tmp_path):
    with pytest.raises(FileNotFoundError, match='holds no log of a run'):
        read_training_log(tmp_path)
