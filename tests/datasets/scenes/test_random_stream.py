import numpy as np
import pytest

from pir_mm.datasets.scenes.random_stream import RandomStream


def test_the_stream_is_the_one_numpy_promises():
    raw = np.random.PCG64(np.random.SeedSequence([3, 5])).random_raw(3)
    rng = RandomStream(3, 5)
    assert [rng.below(1000) for _ in range(3)] == [int(value) % 1000 for value in raw]
    assert [RandomStream(0, 0).below(10**9), RandomStream(0, 1).below(10**9)] == [
        777074271,
        159424549,
    ]


def test_bounds_are_reached_and_kept():
    rng = RandomStream(1)
    assert {rng.between(-2, 2) for _ in range(200)} == {-2, -1, 0, 1, 2}
    assert {rng.few(3) for _ in range(200)} == {0, 1, 2, 3}
    assert sum(rng.chance(25) for _ in range(4000)) == pytest.approx(1000, abs=100)


def test_a_sample_has_different_entries_in_every_order():
    rng = RandomStream(2)
    orders = {tuple(rng.sample('abc', 3)) for _ in range(200)}
    assert len(orders) == 6
    assert all(len(set(order)) == 3 for order in orders)
    assert len(rng.sample(range(9), 4)) == 4


def test_bytes_are_the_stream_read_little_end_first():
    raw = np.random.PCG64(np.random.SeedSequence([4])).random_raw(2)
    wanted = [int(value) >> 8 * k & 255 for value in raw for k in range(8)]
    assert RandomStream(4).bytes(3, 4).ravel().tolist() == wanted[:12]


def test_noise_meets_its_grid_and_is_smooth_between():
    grid = RandomStream(6).bytes(5, 5) - 128
    noise = RandomStream(6).noise(64, ((4, 256),))
    np.testing.assert_allclose(noise[::16, ::16], grid[:4, :4], atol=1)
    assert np.abs(np.diff(noise, axis=0)).max() < 40
    assert np.abs(RandomStream(6).noise(64, ((4, 128),)) * 2 - noise).max() <= 2
