"""The map keeps neighbours, comes out the same again, and says what is missing."""

import sys

import numpy as np
import pytest


@pytest.fixture
def tsne():
    pytest.importorskip('sklearn', reason='scikit-learn is absent: pip install ".[vis]"')
    from pir_mm.visualization.tsne import tsne

    return tsne


def test_two_clusters_stay_two_clusters_and_a_seed_gives_one_map(tsne):
    draw = np.random.default_rng(0)
    vectors = draw.normal(size=(24, 5)).astype(np.float32) * 0.1
    vectors[12:, 0] += 10
    points = tsne(vectors, seed=3)
    assert points.shape == (24, 2)
    distance = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.fill_diagonal(distance, np.inf)
    assert ((distance.argmin(axis=1) < 12) == (np.arange(24) < 12)).all()
    np.testing.assert_array_equal(points, tsne(vectors, seed=3))


def test_says_what_is_wrong(tsne):
    with pytest.raises(ValueError, match='at least four points, got 3'):
        tsne(np.eye(3, dtype=np.float32))
    with pytest.raises(ValueError, match='not finite'):
        tsne(np.full((5, 2), np.nan, dtype=np.float32))


def test_without_scikit_learn_the_command_that_helps_is_named(monkeypatch):
    monkeypatch.delitem(sys.modules, 'pir_mm.visualization.tsne', raising=False)
    monkeypatch.setitem(sys.modules, 'sklearn.manifold', None)
    with pytest.raises(ImportError, match='needs scikit-learn .*pip install "scikit-learn') as told:
        import pir_mm.visualization.tsne  # noqa: F401
    assert '\n' not in str(told.value)
