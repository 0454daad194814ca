"""Pictures that cannot be used, and whether that is an error."""

import pytest

from pir_mm.datasets.preparation.problems import MAX_LISTED, PictureProblems


def problems_of(allowed, total=10):
    lines = []
    return PictureProblems(total, allowed, lines.append), lines


def test_lists_and_refuses():
    problems, lines = problems_of(allowed=False)
    problems.add('broken', [])
    with pytest.raises(ValueError, match='2 of 10 pictures are missing, listed above: .*--allow'):
        problems.add('missing', ['a.jpg', 'b.jpg'])
    assert lines == ['missing: a.jpg', 'missing: b.jpg']
    assert problems.lists == {'broken': [], 'missing': ['a.jpg', 'b.jpg']}


def test_goes_on_if_allowed_until_nothing_is_left():
    problems, lines = problems_of(allowed=True)
    problems.add('without caption', ['a.jpg'])
    assert problems.lists == {'without_caption': ['a.jpg']}
    with pytest.raises(ValueError, match='none of the 10 pictures is left'):
        problems.add('missing', [str(n) for n in range(9)])
    assert len(lines) == 10


def test_counts_the_tail_of_a_long_list():
    problems, lines = problems_of(allowed=True, total=1000)
    problems.add('missing', [str(n) for n in range(MAX_LISTED + 7)])
    assert lines[-2:] == [f'missing: {MAX_LISTED - 1}', 'missing: 7 more']
