"""Cases by name; those that take no time run here, to be equal and not to be fast."""

import json
from dataclasses import replace

import pytest

from pir_mm.apis.benchmarking import (
    CASES,
    QUICK,
    cascade_cases,
    cases,
    loss_cases,
    ranking_cases,
    report,
    run_cases,
)
from pir_mm.apis.benchmarking.cases import Case
from pir_mm.apis.benchmarking.contest import Contest, UnableError, measure
from tests.models.fusion.tiny import CONFIG, ITM

FUSION = {**CONFIG, 'losses': dict(itm=ITM)}


@pytest.mark.parametrize(
    'contest',
    [
        lambda: loss_cases.affiliation_loss(16),
        lambda: loss_cases.contrastive_loss(8),
        loss_cases.belief_rank,
        lambda: ranking_cases.recall(50),
        lambda: ranking_cases.recall(40, share=0.25),
        lambda: cascade_cases.filter_all(8, 30, distinct=20, width=16, share=0.5),
        lambda: cascade_cases.cascade('i2t', 5, 300, distinct=150, queries=2, model=FUSION),
        lambda: cascade_cases.cascade('t2i', 140, 5, distinct=4, queries=3, model=FUSION),
    ],
)
def test_both_ways_are_equal(contest):
    result = measure(contest(), repeats=1)
    assert result['equal'] and result['ratio'] > 0


def test_a_wrong_result_of_ours_is_noticed(monkeypatch):
    wrong = loss_cases.affiliation
    monkeypatch.setattr(loss_cases, 'affiliation', lambda *args: wrong(*args) * 1.01)
    assert not measure(loss_cases.affiliation_loss(16), repeats=1)['equal']
    monkeypatch.setattr(loss_cases, 'select', lambda tokens, scores, keep: tokens[:, :keep])
    assert not measure(loss_cases.belief_rank(), repeats=1)['equal']
    wrong_merge = cascade_cases.merged
    monkeypatch.setattr(
        cascade_cases, 'merged', lambda found, scores: wrong_merge(found, scores.flip(1))
    )
    contest = cascade_cases.cascade('t2i', 140, 5, distinct=4, queries=3, model=FUSION)
    assert not measure(contest, repeats=1)['equal']


def test_the_names_and_targets():
    assert {'train_step_fp32', 'train_step_bf16', 'encode_image_bf16', 'encode_text_bf16',
            'loading', 'epoch_by_image', 'epoch_cached', 'affiliation_b128', 'affiliation_b4096',
            'contrastive_b512', 'belief_rank', 'recall_1k_5k', 'recall_10k_50k',
             'recall_100k_500k', 'filter_rsicd', 'cascade_k128_i2t', 'cascade_k128_t2i',
             'cold_start', 'cold_start_export', 'warm_query', 'embed_folder', 'embed_raster',
             'index_1m_exact', 'index_1m_faiss', 'index_1m_milvus',
             'cached_gradient', 'stream', 'encode_clip_bf16',
             } <= CASES.keys()  # fmt: skip
    targets = {name: case.target for name, case in CASES.items() if case.target}
    assert targets == {
        'train_step_bf16': 2, 'epoch_cached': 20, 'affiliation_b512': 40, 'recall_10k_50k': 4,
        'filter_rsicd': 5, 'cascade_k128_i2t': 19, 'cascade_k128_t2i': 7,
    }  # fmt: skip
    assert 'recall_100k_500k' not in QUICK
    assert {'recall_10k_50k', 'filter_rsicd', 'cascade_k128_i2t', 'cascade_k128_t2i'} <= set(QUICK)


@pytest.fixture
def three_cases(monkeypatch):
    def contest(seconds):
        return Contest(lambda: 1, lambda: 1, lambda own, other: True, 'slow', 'none')

    def unable():
        raise UnableError('this CPU has no bfloat16 arithmetic')

    measured = iter([dict(ratio=3.0), dict(ratio=1.0, equal=False)])
    same = dict(equal=True, ours=1.0, alternative=3.0, unit='ms', rounds=3, spread=1.0,
                peak_mib=0.0, against='slow', tolerance='none')  # fmt: skip
    monkeypatch.setattr(report, 'measure', lambda contest, budget: same | next(measured))
    names = {
        'one': Case(lambda: contest(1), 2),
        'two': Case(unable),
        'six': Case(lambda: contest(1), 2),
    }
    monkeypatch.setattr(report, 'CASES', names)
    return names


def test_the_report_has_the_fields_of_each_case(three_cases, tmp_path):
    results = run_cases(list(three_cases), tmp_path, 'python tools/benchmark.py')
    assert json.loads((tmp_path / 'benchmarks.json').read_text()) == results
    assert [(r['case'], r['ratio'], r['target'], r['met'], r['equal']) for r in results] == [
        ('one', 3.0, 2, True, True), ('six', 1.0, 2, False, False)
    ]  # fmt: skip
    text = (tmp_path / 'benchmarks.md').read_text()
    assert '| one | slow | 3.00 | 2 | yes | yes | 1.0 ms | 3.0 ms | 3 | 0 MiB |' in text
    assert '| six | slow | 1.00 | 2 | no | NO |' in text
    assert 'python tools/benchmark.py' in text and 'commit' in text


def test_the_memory_of_both_is_in_the_report(three_cases, tmp_path, monkeypatch):
    monkeypatch.setitem(report.CASES, 'one', replace(report.CASES['one'], apart=True))
    both = dict(peak_mib=1.0, alternative_peak_mib=8.0)
    monkeypatch.setattr(report, 'memory_apart', lambda make: both)
    (result,) = run_cases(['one'], tmp_path)
    assert both.items() <= result.items()
    text = (tmp_path / 'benchmarks.md').read_text()
    assert text.splitlines()[-1].endswith('| 3 | 1 MiB and 8 MiB |')


def test_an_unknown_case_is_told_before_any_runs(tmp_path):
    with pytest.raises(ValueError, match="no case is called 'fast', wanted one of train_step_fp32"):
        run_cases(['belief_rank', 'fast'], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_machine_that_cannot_run_a_case_says_why(three_cases, tmp_path, capsys):
    run_cases(['one', 'two', 'six'], tmp_path)
    assert (
        'two was not run: this CPU has no bfloat16 arithmetic'
        in (tmp_path / 'benchmarks.md').read_text()
    )


def test_the_reason_is_the_error_if_nothing_could_run(three_cases, tmp_path):
    with pytest.raises(ValueError, match='^two was not run: this CPU has no bfloat16 arithmetic$'):
        run_cases(['two'], tmp_path)


def test_every_case_builds_lazily():
    """Importing the table does no work: a name and a target cost nothing."""
    assert all(callable(case.contest) for case in cases.CASES.values())
