"""Long lists of names in messages."""

from pir_mm.files.names import first_few


def test_shows_the_first_names_and_counts_the_rest():
    assert first_few(['a', 'b', 'c', 'd', 'e']) == 'a, b, c and 2 more'
    assert first_few(['a', 'b', 'c']) == 'a, b, c'
    assert first_few(['a', 'b'], count=1) == 'a and 1 more'
    assert first_few([]) == 'none'
