"""Bootstrap and the interval of Wilson: by hand, by definition, at their ends."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from pir_mm.functional.intervals import (
    bootstrap_weights,
    hits_per_image,
    mean_recall,
    percentile_interval,
    wilson_interval,
)
from pir_mm.functional.recall import ranks_from_embeddings, recall_from_ranks


def random_ranks(images, texts, seed=0):
    generator = torch.Generator().manual_seed(seed)
    image_of_text = torch.cat([torch.arange(images), torch.randint(images, (texts - images,))])
    embeddings = (torch.randn(n, 4, generator=generator) for n in (images, texts))
    return *ranks_from_embeddings(*embeddings, image_of_text), image_of_text


def test_by_hand():
    # Picture 0 finds a caption of its own first; the captions 0 and 2 find their pictures.
    image, text = torch.eye(2), torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.2, 0.8]])
    image_of_text = torch.tensor([0, 1, 1])
    hits, queries = hits_per_image(
        *ranks_from_embeddings(image, text, image_of_text), image_of_text, (1,)
    )
    assert hits.tolist() == [[1, 1], [1, 1]]
    assert queries.tolist() == [[1, 1], [1, 2]]
    assert mean_recall(hits, queries).item() == pytest.approx((100 + 200 / 3) / 2)
    only_second = mean_recall(hits, queries, torch.tensor([0.0, 1.0], dtype=torch.float64))
    assert only_second.item() == pytest.approx((100 + 50) / 2)


@pytest.mark.parametrize(('images', 'texts'), [(1, 1), (1, 4), (7, 7), (20, 55)])
@pytest.mark.parametrize('ties', ['expected', 'pessimistic'])
def test_parts_add_up_to_recall(images, texts, ties):
    image_ranks, text_ranks, image_of_text = random_ranks(images, texts)
    hits, queries = hits_per_image(image_ranks, text_ranks, image_of_text, (1, 5), ties)
    recall = recall_from_ranks(image_ranks, text_ranks, (1, 5), ties)
    parts = 100 * hits.sum(dim=0) / queries.sum(dim=0)
    keys = ['i2t/R@1', 'i2t/R@5', 't2i/R@1', 't2i/R@5']
    np.testing.assert_allclose(parts, [recall[key] for key in keys])
    assert mean_recall(hits, queries).item() == pytest.approx(recall['mR'])


def test_a_drawn_picture_counts_as_if_it_stood_there_so_often():
    image_ranks, text_ranks, image_of_text = random_ranks(6, 15)
    hits, queries = hits_per_image(image_ranks, text_ranks, image_of_text)
    weights = bootstrap_weights(6, samples=3, seed=1)
    for weight, value in zip(weights, mean_recall(hits, queries, weights), strict=True):
        rows = torch.arange(6).repeat_interleave(weight.long())
        assert mean_recall(hits[rows], queries[rows]).item() == pytest.approx(value.item())


def test_draws():
    weights = bootstrap_weights(50, samples=400)
    assert weights.shape == (400, 50)
    assert (weights.sum(dim=1) == 50).all()
    assert weights.mean().item() == 1
    assert weights.var(dim=0).mean().item() == pytest.approx(1 - 1 / 50, rel=0.1)
    assert torch.equal(weights, bootstrap_weights(50, samples=400))
    assert not torch.equal(weights, bootstrap_weights(50, samples=400, seed=1))


def test_interval_is_that_of_the_mean():
    generator = torch.Generator().manual_seed(0)
    hits = (torch.rand(400, 1, generator=generator) < 0.3).double()
    values = mean_recall(hits, torch.ones_like(hits), bootstrap_weights(400))
    low, high = percentile_interval(values)
    half = 1.96 * 100 * hits.std().item() / 400**0.5
    mean = values.mean().item()
    assert (low, high) == pytest.approx((mean - half, mean + half), abs=0.5)
    assert percentile_interval(torch.arange(101.0), level=0.9) == pytest.approx((5, 95))


def test_interval_refuses_percent():
    with pytest.raises(ValueError, match='between 0 and 1, got 95'):
        percentile_interval(torch.arange(3.0), level=95)


def test_worked_out_by_hand():
    # z = 2, 4 trials: middle (p + 1/2) / 2, half a width 2 sqrt(p q / 4 + 1/16) / 2
    lower, upper = wilson_interval(torch.tensor([0.5, 0.0]), torch.tensor([4, 4]), z=2)
    half = 0.125**0.5
    assert_close(lower, torch.tensor([0.5 - half, 0.0], dtype=torch.float64))
    assert_close(upper, torch.tensor([0.5 + half, 0.5], dtype=torch.float64))


@pytest.mark.parametrize('trials', [1, 7, 300])
@pytest.mark.parametrize('share', [0.2, 0.9])
def test_its_ends_are_where_the_share_would_be_z_deviations_off(share, trials):
    bounds = wilson_interval(torch.tensor(share, dtype=torch.float64), torch.tensor(trials))
    for bound in bounds:
        deviation = (bound * (1 - bound) / trials).sqrt()
        assert_close((bound - share).abs() / deviation, torch.tensor(1.96, dtype=torch.float64))


def test_holds_the_share_and_has_a_width_also_at_the_ends():
    share = torch.tensor([0.0, 0.3, 1.0])
    lower, upper = wilson_interval(share, torch.tensor(5))
    assert (lower <= share).all() and (share <= upper).all()
    assert lower[0] == 0 and upper[2] == 1
    assert (upper - lower > 0.3).all()


@pytest.mark.parametrize(('share', 'trials'), [(1.1, 5), (-0.1, 5), (0.5, 0)])
def test_refuses_what_is_no_share_or_had_no_trial(share, trials):
    with pytest.raises(ValueError, match='shares from 0 to 1 and at least one trial'):
        wilson_interval(torch.tensor(share), torch.tensor(trials))
