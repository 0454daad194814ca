from math import exp, log

import pytest
import torch
from torch.testing import assert_close

from pir_mm.functional.contrastive import symmetric_info_nce


def by_loop(logits, positive):
    """Row by row: minus the mean log-probability of the positives."""
    ways = []
    for scores, right in ((logits, positive), (logits.T, positive.T)):
        surprises = []
        for row, mask in zip(scores.tolist(), right.tolist(), strict=True):
            own = [score for score, p in zip(row, mask, strict=True) if p]
            if own:
                surprises.append(log(sum(map(exp, row))) - sum(own) / len(own))
        ways.append(sum(surprises) / len(surprises) if surprises else 0)
    return torch.tensor(sum(ways) / 2)


def case(rows, columns, seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(rows, columns, generator=generator)
    return logits, torch.rand(rows, columns, generator=generator) < 0.4


def test_a_value_worked_out_by_hand():
    logits = torch.tensor([[log(3.0), 0.0], [0.0, 0.0]])
    # Rows: -log 3/4 and -log 1/2; columns the same.
    assert_close(symmetric_info_nce(logits, torch.eye(2).bool()), torch.tensor(log(8 / 3) / 2))


@pytest.mark.parametrize('rows, columns', [(1, 1), (1, 4), (3, 3), (5, 8)])
def test_agrees_with_the_loop(rows, columns):
    for seed in range(3):
        given = case(rows, columns, seed)
        assert_close(symmetric_info_nce(*given), by_loop(*given))


def test_does_not_depend_on_the_order_and_is_symmetric():
    logits, positive = case(5, 8)
    rows, columns = torch.randperm(5), torch.randperm(8)
    shuffled = symmetric_info_nce(logits[rows][:, columns], positive[rows][:, columns])
    assert_close(shuffled, symmetric_info_nce(logits, positive))
    assert_close(symmetric_info_nce(logits.T, positive.T), symmetric_info_nce(logits, positive))


def test_raises_positives_and_lowers_the_rest():
    logits, positive = torch.zeros(3, 3, requires_grad=True), torch.eye(3).bool()
    symmetric_info_nce(logits, positive).backward()
    assert ((logits.grad < 0) == positive).all()
    assert_close(logits.grad.sum(), torch.tensor(0.0))


def test_nothing_positive_is_zero_with_zero_gradient():
    logits = torch.randn(2, 3, requires_grad=True)
    loss = symmetric_info_nce(logits, torch.zeros(2, 3).bool())
    loss.backward()
    assert loss.item() == 0 and not logits.grad.any()


def test_survives_very_large_logits():
    logits = torch.tensor([[1000.0, -1000.0], [-1000.0, 1000.0]])
    assert symmetric_info_nce(logits, torch.eye(2).bool()).item() == 0
    assert symmetric_info_nce(logits, ~torch.eye(2).bool()).item() == 2000
