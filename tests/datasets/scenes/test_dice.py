import numpy as np
import pytest

from pir_mm.datasets.scenes.dice import Dice


def test_the_stream_is_the_one_numpy_promises():
    raw = np.random.PCG64(np.random.SeedSequence([3, 5])).random_raw(3)
    dice = Dice(3, 5)
    assert [dice.below(1000) for _ in range(3)] == [int(value) % 1000 for value in raw]
    assert [Dice(0, 0).below(10**9), Dice(0, 1).below(10**9)] == [777074271, 159424549]


def test_bounds_are_reached_and_kept():
    dice = Dice(1)
    assert {dice.between(-2, 2) for _ in range(200)} == {-2, -1, 0, 1, 2}
    assert {dice.few(3) for _ in range(200)} == {0, 1, 2, 3}
    assert sum(dice.chance(25) for _ in range(4000)) == pytest.approx(1000, abs=100)


def test_a_sample_has_different_entries_in_every_order():
    dice = Dice(2)
    orders = {tuple(dice.sample('abc', 3)) for _ in range(200)}
    assert len(orders) == 6
    assert all(len(set(order)) == 3 for order in orders)
    assert len(dice.sample(range(9), 4)) == 4


def test_bytes_are_the_stream_read_little_end_first():
    raw = np.random.PCG64(np.random.SeedSequence([4])).random_raw(2)
    wanted = [int(value) >> 8 * k & 255 for value in raw for k in range(8)]
    assert Dice(4).bytes(3, 4).ravel().tolist() == wanted[:12]


def test_cloth_meets_its_grid_and_is_smooth_between():
    grid = Dice(6).bytes(5, 5) - 128
    cloth = Dice(6).cloth(64, ((4, 256),))
    np.testing.assert_allclose(cloth[::16, ::16], grid[:4, :4], atol=1)
    assert np.abs(np.diff(cloth, axis=0)).max() < 40
    assert np.abs(Dice(6).cloth(64, ((4, 128),)) * 2 - cloth).max() <= 2
