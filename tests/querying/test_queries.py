"""Queries of several parts become one vector."""

from pathlib import Path

import numpy as np
import pytest

from pir_mm.querying.queries import (
    LESS,
    JoinedQuery,
    embed_queries,
    has_pictures,
    query_words,
)

RED, GREEN, BLUE = np.eye(3, dtype=np.float32)


def test_the_vector_is_the_weighted_sum_of_unit_norm(embedder, pictures):
    query = JoinedQuery((('red roofs', 2.0), (pictures / 'green.png', 1.0), ('blue sea', -0.5)))
    (vector,) = embed_queries(embedder, [query])
    expected = (2 * RED + GREEN - 0.5 * BLUE) / np.sqrt(4 + 1 + 0.25)
    np.testing.assert_allclose(vector, expected, atol=1e-6)


def test_plain_and_joined_queries_keep_their_order(embedder, pictures):
    green = pictures / 'green.png'
    joined = JoinedQuery.of('blue sea', more_like=green)
    vectors = embed_queries(embedder, [green, 'red', joined, 'blue'])
    expected = [GREEN, RED, (GREEN + BLUE) / np.sqrt(2), BLUE]
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    assert embedder.batches == [3, 2]  # sentences together, pictures together


def test_more_and_less_like(embedder, pictures):
    green, red = pictures / 'green.png', pictures / 'red.png'
    query = JoinedQuery.of('blue', more_like=[green, str(green)], less_like=red)
    assert query.parts == (('blue', 1.0), (green, 1.0), (green, 1.0), (red, -LESS))
    (vector,) = embed_queries(embedder, [query])
    expected = np.array([-LESS, 2, 1]) / np.sqrt(LESS**2 + 5)
    np.testing.assert_allclose(vector, expected, atol=1e-6)


def test_are_named_in_words():
    assert query_words('a lake') == 'a lake'
    assert query_words(Path('/a/b.png')) == '/a/b.png'
    assert query_words(np.zeros((2, 2, 3), np.uint8)) == 'a picture in memory'
    query = JoinedQuery((('a lake', 1.0), (Path('b.png'), 0.25), (Path('c.png'), -1.0)))
    assert query_words(query) == 'a lake + 0.25 b.png - c.png'
    assert has_pictures([query]) and not has_pictures(['a', JoinedQuery.of(['a', 'b'])])


def test_parts_that_leave_nothing_are_refused(embedder, pictures):
    with pytest.raises(ValueError, match='with a weight above 0'):
        JoinedQuery.of((), less_like=pictures / 'red.png')
    with pytest.raises(ValueError, match='with a weight above 0'):
        JoinedQuery((('red', float('nan')),))
    with pytest.raises(ValueError, match="the query 'red - red roofs' cancel each other out"):
        embed_queries(embedder, [JoinedQuery((('red', 1.0), ('red roofs', -1.0)))])
