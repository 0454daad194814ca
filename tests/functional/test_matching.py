"""Negatives are drawn as they should be, and pairs are told apart."""

import math

import pytest
import torch
from torch.testing import assert_close

from pir_mm.functional.matching import (
    draw_negatives,
    margin,
    matching_accuracy,
    matching_cross_entropy,
    matching_pairs,
)

ADMISSIBLE = torch.tensor([[0, 1, 1, 0, 1], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0]]).bool()


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def counts(weight=None, draws=20_000):
    """How often each admissible column of the first row is drawn."""
    rows = ADMISSIBLE[:1].expand(draws, -1)
    weight = None if weight is None else weight.expand(draws, -1)
    index, found = draw_negatives(rows, weight, seeded())
    assert found.all()
    return index.bincount(minlength=5)


@pytest.mark.parametrize('share', [(1, 1, 1), (1, 2, 7)])
def test_columns_are_drawn_in_proportion_to_their_weights_and_others_never(share):
    weight = torch.tensor([9.0, *(math.log(s) for s in share), 9.0])[[0, 1, 2, 4, 3]]
    got = counts(None if share == (1, 1, 1) else weight)
    assert got[[0, 3]].tolist() == [0, 0]
    wanted = torch.tensor(share) / sum(share) * 20_000
    chi_square = ((got[[1, 2, 4]] - wanted).square() / wanted).sum()
    assert chi_square < 13.8  # of two degrees of freedom, once in a thousand


def test_a_row_without_an_admissible_column_says_so():
    index, found = draw_negatives(ADMISSIBLE, generator=seeded())
    assert found.tolist() == [True, False, True]
    assert ADMISSIBLE[0, index[0]] and index[2] == 0
    assert draw_negatives(torch.zeros(1, 1).bool()).found.tolist() == [False]


def test_equal_seeds_draw_equal_columns():
    rows = torch.ones(50, 9).bool()
    first, again, other = (draw_negatives(rows, generator=seeded(s)).index for s in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


LOGITS = torch.tensor([[0.0, 2.0], [1.0, 0.0], [0.0, 3.0]])
MATCHED = torch.tensor([True, False, False])


def test_a_loss_worked_out_by_hand():
    """Log odds 2 and -1 told right, 3 told wrong."""
    surprise = [math.log(1 + math.exp(x)) for x in (-2, -1, 3)]
    everything = torch.ones(3).bool()
    loss = matching_cross_entropy(LOGITS, MATCHED, everything)
    assert loss.item() == pytest.approx(sum(surprise) / 3)
    assert matching_accuracy(LOGITS, MATCHED, everything).item() == pytest.approx(2 / 3)
    loss = matching_cross_entropy(LOGITS, MATCHED, torch.tensor([True, True, False]))
    assert loss.item() == pytest.approx(sum(surprise[:2]) / 2)
    assert matching_accuracy(LOGITS, MATCHED, torch.tensor([True, True, False])) == 1


def test_pairs_that_do_not_count_have_no_gradient():
    logits = LOGITS.clone().requires_grad_()
    matching_cross_entropy(logits, MATCHED, torch.tensor([True, False, True])).backward()
    assert (logits.grad.abs().sum(dim=1) > 0).tolist() == [True, False, True]
    nothing = matching_cross_entropy(LOGITS, MATCHED, torch.zeros(3).bool())
    assert nothing == 0


def test_the_margin_orders_as_the_probability_and_does_not_saturate():
    logits = torch.randn(50, 2, generator=seeded()).double()
    assert torch.equal(margin(logits).argsort(), logits.softmax(dim=1)[:, 1].argsort())
    high = torch.tensor([[-50.0, 50.0], [-60.0, 50.0]])
    assert high.softmax(dim=1)[:, 1].tolist() == [1, 1]
    assert_close(margin(high), torch.tensor([100.0, 110.0]))


@pytest.mark.parametrize('negatives', [1, 3])
def test_pairs_of_a_batch_are_true_ones_then_texts_then_images(negatives):
    owner = torch.tensor([0, 0, 1, 2])
    false = torch.arange(3).unsqueeze(1) != owner
    pairs = matching_pairs(owner, false, negatives=negatives)
    assert len(pairs.image) == 4 * (1 + 2 * negatives)
    assert pairs.matched.nonzero().squeeze(1).tolist() == [0, 1, 2, 3]
    assert torch.equal(pairs.matched, ~false[pairs.image, pairs.text])
    assert pairs.kept.all()
    head, texts, images = pairs.image.split([4, 4 * negatives, 4 * negatives])
    assert head.tolist() == owner.tolist() and texts.tolist() == owner.tolist() * negatives
    assert pairs.text[-len(images) :].tolist() == [0, 1, 2, 3] * negatives


def test_pairs_follow_a_weight_and_a_generator():
    owner = torch.arange(4)
    weight = torch.zeros(4, 4)
    weight[0, 2] = weight[3, 1] = 50.0
    pairs = matching_pairs(owner, ~torch.eye(4).bool(), weight)
    assert pairs.text[4] == 2 and pairs.text[7] == 1  # of images 0 and 3
    assert pairs.image[8 + 2] == 0 and pairs.image[8 + 1] == 3  # of texts 2 and 1
    same = [
        matching_pairs(owner, ~torch.eye(4).bool(), generator=torch.Generator().manual_seed(0))
        for _ in range(2)
    ]
    assert torch.equal(same[0].text, same[1].text) and torch.equal(same[0].image, same[1].image)


def test_a_batch_of_one_has_its_true_pair_alone():
    pairs = matching_pairs(torch.tensor([0]), torch.tensor([[False]]), negatives=2)
    assert pairs.kept.tolist() == [True, False, False, False, False]
