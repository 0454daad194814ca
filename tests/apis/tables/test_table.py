"""Rows of a table, worked out by hand and against a plain loop."""

import numpy as np
import pytest

from pir_mm.apis.tables.table import RECALLS, make_row, render_table, write_table


def result(name='a', seed=0, hit=(1, 0, 1, 1), **changes):
    """Of four pictures with two captions each, the first K of all recalls alike."""
    hits = [[h] * 3 + [2 * h] * 3 for h in hit]
    recall = 100 * float(np.mean(hit))
    return {
        'config': f'configs/{name}.py',
        'seed': seed,
        'config_digest': name,
        'data_digest': 'd',
        'pictures': len(hit),
        'captions': 2 * len(hit),
        'captions_per_picture': [2] * len(hit),
        'hits': hits,
        'metrics': dict.fromkeys((*RECALLS, 'mR'), recall),
        'ceiling': dict.fromkeys((*RECALLS, 'mR'), 97.5),
        'parameters': {'all': 3_000_000, 'trained': 1_000_000},
        'minutes': 2.0 + seed,
        'commit': 'abc',
        'hardware': 'a machine',
        'versions': {'torch': '2'},
        'weights': {'p.pth': 'w'},
        **changes,
    }


def test_by_hand():
    ours = [result('b', 0, (1, 1, 1, 1)), result('b', 1, (1, 1, 1, 0))]
    baseline = [result('a', 0), result('a', 1, (0, 0, 1, 1))]
    row = make_row(ours, baseline)
    assert row.name == 'b' and row.seeds == [0, 1]
    assert row.recall['mR'] == row.recall['t2i/R@5'] == 87.5
    assert row.deviation == pytest.approx(12.5 * 2**0.5)
    assert row.difference == pytest.approx(25)
    assert row.difference_deviation == 0
    assert row.minutes == 2.5
    assert make_row(baseline, None).difference is None


def test_difference_is_paired_by_picture_and_by_seed():
    """Equal hits differ by nothing in any draw, whatever other seeds the baseline has."""
    row = make_row([result('b', 1)], [result('a', 0, (0, 0, 0, 0)), result('a', 1)])
    assert row.difference == 0
    assert row.difference_interval == (0, 0)
    assert row.interval[0] < row.recall['mR'] < row.interval[1]
    assert make_row([result('b', 2)], [result('a', 0)]).difference is None


def test_interval_against_a_plain_bootstrap():
    hit = tuple(np.random.default_rng(0).integers(0, 2, 60))
    row = make_row([result(hit=hit)], None)
    draws = np.random.default_rng(1).integers(0, 60, (4000, 60))
    plain = np.percentile(100 * np.array(hit)[draws].mean(axis=1), [2.5, 97.5])
    assert row.interval == pytest.approx(tuple(plain), abs=1.7)


def test_a_cascade_is_compared_with_its_filter():
    def cascade(seed, hit, of_filter):
        alone = result(seed=seed, hit=of_filter)
        return result(seed=seed, hit=hit, cascade={'filter': alone})

    runs = [cascade(0, (1, 1, 1, 1), (1, 0, 1, 1)), cascade(1, (1, 0, 1, 1), (1, 0, 1, 0))]
    row = make_row(runs, None)
    assert (row.of_filter, row.recall['mR']) == (62.5, 87.5)
    assert row.gain_interval[0] < 25 < row.gain_interval[1]
    same = make_row([cascade(0, (1, 0, 1, 1), (1, 0, 1, 1))], None)
    assert same.gain_interval == (0, 0)
    page = render_table([row, make_row([result('b')], None)], runs, 'do')
    head, _, first, second = page.splitlines()[:4]
    assert ' mR of the filter alone | gain, 95 % over pictures |' in head
    assert '| 62.50 | +' in first and first.count('|') == second.count('|') == head.count('|')


def test_mean_without_copies_needs_all_seeds():
    without = {'metrics_without': {'mR': 40.0}, 'left_out': {'pictures': 1, 'digest': 'l'}}
    assert make_row([result(seed=0, **without), result(seed=1, **without)], None).without == 40
    assert make_row([result(seed=0, **without), result(seed=1)], None).without is None


@pytest.mark.parametrize(
    ('change', 'reason'),
    [({'config_digest': 'x'}, 'different configs'), ({'data_digest': 'x'}, 'different data')],
)
def test_refuses_what_cannot_be_compared(change, reason):
    with pytest.raises(ValueError, match=reason):
        make_row([result(seed=0), result(seed=1, **change)], None)


def test_markdown_says_all_that_makes_the_number(tmp_path):
    baseline = [result('a', 0), result('a', 1, (0, 0, 1, 1))]
    others = [result('b', 0, (1, 1, 1, 1), minutes=None)]
    rows = [make_row(baseline, None), make_row(others, baseline)]
    text = render_table(rows, baseline + others, 'python tools/run_table.py ...')
    head, rule, *lines = text.splitlines()
    assert head.count('|') == rule.count('|') == lines[0].count('|') == lines[1].count('|')
    assert '| `a` | 2 | 62.50 |' in lines[0] and '62.50 ± 17.68' in lines[0]
    assert '+25.00' in lines[1] and '±' not in lines[1]
    for word in ('97.50', '4 pictures', '8 captions', 'seeds 0, 1', 'abc', 'a machine', 'p.pth w'):
        assert word in text
    write_table(tmp_path / 'new' / 'table', rows, baseline + others, '')
    assert sorted(p.name for p in (tmp_path / 'new').iterdir()) == ['table.json', 'table.md']
