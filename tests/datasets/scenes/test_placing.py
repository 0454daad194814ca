import pytest

from pir_mm.datasets.scenes.dice import Dice
from pir_mm.datasets.scenes.placing import lined_up, ranked, scattered


def test_scattered_things_have_room_of_their_own_within_the_area():
    for seed in range(60):
        spots = scattered(Dice(seed), 1 + seed % 6, (100, 50, 420, 270), (100, 90))
        assert len(spots) == 1 + seed % 6
        for k, (x, y) in enumerate(spots):
            assert 150 <= x <= 370
            assert 95 <= y <= 225
            assert all(abs(x - u) >= 100 or abs(y - v) >= 90 for u, v in spots[:k])


def test_scattered_things_are_not_always_at_one_place():
    assert len({scattered(Dice(seed), 1, (0, 0, 500, 500), (100, 100))[0] for seed in range(9)}) > 5


def test_too_many_things_are_refused():
    with pytest.raises(ValueError, match=r'7 things of \(100, 90\) .* room for 6'):
        scattered(Dice(0), 7, (100, 50, 420, 270), (100, 90))


def test_a_line_is_even_and_centred():
    assert lined_up(3, 0, 300, 8) == [(50, 8), (150, 8), (250, 8)]
    assert lined_up(2, 0, 300, 8, 40) == [(130, 8), (170, 8)]


@pytest.mark.parametrize(
    ('count', 'per_row', 'shares'), [(1, 1, [1]), (7, 4, [4, 3]), (9, 3, [3] * 3)]
)
def test_rows_share_the_things(count, per_row, shares):
    spots, rows = ranked(count, (0, 0, 120, 300), per_row)
    heights = sorted({y for _, y in spots})
    assert [sum(y == height for _, y in spots) for height in heights] == shares
    assert rows == len(shares)
    assert heights == [(2 * k + 1) * 300 // (2 * rows) for k in range(rows)]
