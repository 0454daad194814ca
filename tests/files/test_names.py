"""Long lists of names in messages."""

import pytest

from pir_mm.files.names import first_few, shortest_names


def test_shows_the_first_names_and_counts_the_rest():
    assert first_few(['a', 'b', 'c', 'd', 'e']) == 'a, b, c and 2 more'
    assert first_few(['a', 'b', 'c']) == 'a, b, c'
    assert first_few(['a', 'b'], count=1) == 'a and 1 more'
    assert first_few([]) == 'none'


@pytest.mark.parametrize(
    ('paths', 'names'),
    [
        (['a/1.jpg', 'b/2.jpg'], ['1.jpg', '2.jpg']),
        (['a/x/1.jpg', 'b/x/1.jpg', 'b/2.jpg'], ['a/x/1.jpg', 'b/x/1.jpg', '2.jpg']),
        (['a/1.jpg', 'b/1.JPG'], ['a/1.jpg', 'b/1.JPG']),
        (['1.jpg', 'a/1.jpg'], ['1.jpg', 'a/1.jpg']),
        (['a/1.jpg', 'a/1.jpg'], ['1.jpg', '1.jpg']),
        ([], []),
    ],
)
def test_a_name_is_as_long_as_it_takes(paths, names):
    assert shortest_names(paths) == names
