"""Accuracy with ties, and confusions."""

import pytest
import torch

from pir_mm.functional.classification import confusion, top_hits


def test_worked_out_by_hand():
    scores = torch.tensor([[3.0, 1.0, 2.0], [1.0, 2.0, 3.0], [2.0, 2.0, 0.0], [0.0, 0.0, 0.0]])
    label = torch.tensor([0, 1, 1, 2])
    assert top_hits(scores, label).tolist() == pytest.approx([1, 0, 1 / 2, 1 / 3])
    assert top_hits(scores, label, 2).tolist() == pytest.approx([1, 1, 1, 2 / 3])
    assert top_hits(scores, label, 9).tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize('count', [1, 7])
@pytest.mark.parametrize('k', [1, 2, 5])
def test_is_the_mean_over_orders_of_equal_scores(count, k):
    generator = torch.Generator().manual_seed(count)
    scores = torch.randint(3, (count, 5), generator=generator).float()
    label = torch.randint(5, (count,), generator=generator)
    expected = torch.zeros(count, dtype=torch.float64)
    for _ in range(4000):
        noise = torch.rand(scores.shape, generator=generator) / 10
        expected += ((scores + noise).topk(k).indices == label[:, None]).any(dim=1) / 4000
    assert torch.allclose(top_hits(scores, label, k), expected, atol=0.03)


def test_true_classes_are_rows():
    predicted, label = torch.tensor([0, 2, 2, 1]), torch.tensor([0, 0, 2, 2])
    assert confusion(predicted, label, 3).tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 1]]
