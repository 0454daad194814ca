"""What is lacking, and whether that is an error."""

import pytest

from pir_mm.datasets.preparation.account import LISTED, Account


def account(allowed, total=10):
    lines = []
    return Account(total, allowed, lines.append), lines


def test_lists_and_refuses():
    one, lines = account(allowed=False)
    one.note('broken', [])
    with pytest.raises(ValueError, match='2 of 10 pictures are missing, listed above: .*--allow'):
        one.note('missing', ['a.jpg', 'b.jpg'])
    assert lines == ['missing: a.jpg', 'missing: b.jpg']
    assert one.lists == {'broken': [], 'missing': ['a.jpg', 'b.jpg']}


def test_goes_on_if_allowed_until_nothing_is_left():
    one, lines = account(allowed=True)
    one.note('without caption', ['a.jpg'])
    assert one.lists == {'without_caption': ['a.jpg']}
    with pytest.raises(ValueError, match='none of the 10 pictures is left'):
        one.note('missing', [str(n) for n in range(9)])
    assert len(lines) == 10


def test_counts_the_tail_of_a_long_list():
    one, lines = account(allowed=True, total=1000)
    one.note('missing', [str(n) for n in range(LISTED + 7)])
    assert lines[-2:] == [f'missing: {LISTED - 1}', 'missing: 7 more']
