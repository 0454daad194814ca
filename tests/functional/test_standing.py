from itertools import permutations

import pytest
import torch

from pir_mm.functional.standing import TIES, Standing

# One query: two above, three tied negatives, two tied positives, one negative behind them.
ONE = Standing(*torch.tensor([[2], [3], [2], [1]]))


def test_a_value_worked_out_by_hand():
    assert [ONE.ahead(ties).item() for ties in TIES] == [3, 2, 5, 3]
    # Of the five tied, the third place goes to a positive in two cases of five.
    assert [ONE.hit(3, ties).item() for ties in TIES] == [pytest.approx(0.4), 1, 0, 0]


@pytest.mark.parametrize('tied', [0, 1, 3])
@pytest.mark.parametrize('positives', [1, 2, 4])
def test_agrees_with_every_order_of_equals(tied, positives):
    standing = Standing(*torch.tensor([[1], [tied], [positives], [0]]))
    orders = set(permutations([False] * tied + [True] * positives))
    ranks = torch.tensor([1.0 + order.index(True) for order in orders])
    assert standing.ahead('expected').item() == pytest.approx(ranks.mean().item())
    for k in range(1, tied + positives + 3):
        share = (ranks < k).double().mean().item()
        assert standing.hit(k, 'expected').item() == pytest.approx(share)


def test_without_ties_all_rules_agree():
    standing = Standing(torch.arange(5), *torch.tensor([[0] * 5, [1] * 5, [0] * 5]))
    for ties in TIES:
        assert standing.hit(3, ties).tolist() == [1, 1, 1, 0, 0]
        assert standing.ahead(ties).tolist() == [0, 1, 2, 3, 4]


def test_some_queries():
    standing = Standing(*torch.arange(12).view(4, 3))
    some = standing[torch.tensor([False, True, False])]
    assert [some.above, some.tied, some.positives, some.later] == [1, 4, 7, 10]


def test_exact_in_large_numbers():
    many = Standing(*torch.tensor([[0], [10**6 - 1], [1], [0]]))
    assert many.hit(10, 'expected').item() == pytest.approx(1e-5, rel=1e-9)


def test_says_what_rules_there_are():
    with pytest.raises(ValueError, match="ties='best' is none of expected, optimistic"):
        ONE.hit(1, 'best')
