"""The command measures what is named, and fails if results differ."""

import json

from pir_mm.apis.benchmarking import cases, report


def test_lists_the_names(tool):
    done = tool('benchmark', '--list')
    assert done.code == 0 and done.out.split() == list(cases.CASES)


def test_measures_a_case(tool, tmp_path, monkeypatch):
    monkeypatch.setattr(report, 'measure', lambda contest, budget: RESULT)
    done = tool('benchmark', '--case', 'belief_rank', '--out', tmp_path)
    assert done.code == 0, done.err
    (result,) = json.loads((tmp_path / 'benchmarks.json').read_text())
    assert result['case'] == 'belief_rank' and result['ratio'] == 3
    assert '1 of 1 cases' in done.out


def test_a_quick_look_has_fewer_rounds(tool, tmp_path, monkeypatch):
    budgets = []
    monkeypatch.setattr('pir_mm.apis.benchmarking.QUICK', ('belief_rank',))
    monkeypatch.setattr(report, 'measure', lambda contest, budget: budgets.append(budget) or RESULT)
    for asked in (['--quick'], ['--case', 'belief_rank']):
        assert tool('benchmark', *asked, '--out', tmp_path).code == 0
    assert 0 < budgets[0] < budgets[1]


def test_results_that_differ_end_in_an_error(tool, tmp_path, monkeypatch):
    monkeypatch.setattr(report, 'measure', lambda contest, budget: RESULT | {'equal': False})
    done = tool('benchmark', '--case', 'belief_rank', 'contrastive_b512', '--out', tmp_path)
    assert done.code == 1
    assert 'other results than the alternative: belief_rank, contrastive_b512' in done.err


def test_an_unknown_case_is_told(tool, tmp_path):
    done = tool('benchmark', '--case', 'fast', '--out', tmp_path)
    assert done.code == 1 and "no case is called 'fast'" in done.err


RESULT = dict(ratio=3, equal=True, ours=1.0, alternative=3.0, unit='ms', rounds=3, spread=1.0,
              peak_mib=0.0, against='slow', tolerance='none')  # fmt: skip
