"""The command hands its arguments on and ends as its runs do."""

import pytest

from pir_mm.apis import tables


@pytest.fixture
def called(monkeypatch):
    calls = []

    def run_table(configs, seeds, **rest):
        calls.append({'configs': configs, 'seeds': seeds, **rest})
        return ['row seed 0: broken'] if len(configs) > 1 else []

    monkeypatch.setattr(tables, 'run_table', run_table)
    return calls


def test_hands_on_what_was_asked(called, tool):
    options = [
        '--seeds',
        4,
        5,
        '--results',
        'r',
        '--work-dirs',
        'w',
        '--baseline',
        'a',
        '--jobs',
        2,
    ]
    changes = ['--leave-out', 'l.json', '--report-only', '--cfg-options', 'x=1', 'y=2']
    assert tool('run_table', 'a.py', *options, *changes).code == 0
    (call,) = called
    assert [str(path) for path in call.pop('configs')] == ['a.py']
    assert call.pop('command').endswith('--cfg-options x=1 y=2')
    places = {key: str(call.pop(key)) for key in ('results', 'work_dirs', 'out', 'leave_out')}
    assert places == {
        'results': 'r',
        'work_dirs': 'w',
        'out': 'r/table',
        'leave_out': 'l.json',
    }
    assert call == {
        'seeds': [4, 5],
        'baseline': 'a',
        'jobs': 2,
        'report_only': True,
        'options': ['x=1', 'y=2'],
    }


def test_a_failed_run_is_an_exit_code(called, tool):
    assert tool('run_table', 'a.py', 'b.py').code == 1
    assert called[0]['seeds'] == [0, 1, 2]


def test_a_wrong_argument_is_one_sentence(tool):
    done = tool('run_table', 'no_such.py')
    assert done.code == 1
    assert done.err == 'error: no_such.py does not exist\n'
