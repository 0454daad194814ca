"""Which tokens an instruction believes in, and what is made of them."""

import math

import pytest
import torch
from torch.testing import assert_close

from pir_mm.functional.belief import belief, belief_scores, reweigh, select, true_rank

BELIEF = torch.tensor([[0.1, 0.7, 0.2]])
SCORES = BELIEF.log()
# exp(-200) is below the least float32, so the softmax of these is 1, 0, 0
UNDERFLOWING = torch.tensor([[0.0, -300.0, -200.0]])
GRID = [(1, 1, 3), (1, 9, 4), (3, 5, 2), (2, 50, 8)]


def random_case(batch, count, width):
    random = torch.Generator().manual_seed(batch + count)
    return (
        torch.randn(batch, count, width, generator=random),
        torch.randn(batch, width, generator=random),
    )


def ranks_by_counting(row):
    return [1 + sum(other > own for other in row) for own in row]


def test_belief_of_two_tokens_worked_out_by_hand():
    tokens = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    scores = belief_scores(tokens, torch.tensor([[math.log(3), 0.0]]))
    assert_close(belief(scores), torch.tensor([[0.75, 0.25]]))


@pytest.mark.parametrize('shape', GRID)
def test_belief_agrees_with_the_loop(shape):
    tokens, instruction = random_case(*shape)
    expected = torch.zeros(shape[:2])
    for row, (image, prior) in enumerate(zip(tokens, instruction, strict=True)):
        exponents = [math.exp(float(token @ prior)) for token in image]
        expected[row] = torch.tensor(exponents) / sum(exponents)
    assert_close(belief(belief_scores(tokens, instruction)), expected)


def test_scores_stay_float32_under_autocast():
    tokens, instruction = random_case(2, 50, 8)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        low = belief_scores(tokens.bfloat16(), instruction.bfloat16())
        assert_close(
            belief_scores(tokens, instruction),
            belief_scores(tokens.double(), instruction.double()).float(),
        )
    assert low.dtype == torch.float32
    assert_close(low, belief_scores(tokens.bfloat16().float(), instruction.bfloat16().float()))


def test_selection_puts_the_highest_first_and_of_equals_the_first():
    tokens = torch.arange(5.0).view(1, 5, 1)
    scores = torch.tensor([[0.1, 0.3, 0.1, 0.3, 0.2]])
    assert select(tokens, scores, 4).flatten().tolist() == [1, 3, 4, 0]


def test_selection_of_all_equals_is_the_first_in_order():
    tokens = torch.arange(200.0).view(1, 200, 1)
    assert select(tokens, torch.zeros(1, 200), 9).flatten().tolist() == list(range(9))


def test_selection_trains_the_kept_tokens_and_not_the_scores():
    tokens = torch.ones(1, 3, 2, requires_grad=True)
    scores = SCORES.clone().requires_grad_()
    chosen = select(tokens, scores, 2)
    chosen.sum().backward()
    assert tokens.grad[0, :, 0].tolist() == [0, 1, 1]
    assert scores.grad is None


def test_scores_whose_belief_underflows_keep_their_order():
    assert belief(UNDERFLOWING).tolist() == [[1, 0, 0]]
    tokens = torch.arange(3.0).view(1, 3, 1)
    assert select(tokens, UNDERFLOWING, 3).flatten().tolist() == [0, 2, 1]
    ones = torch.ones(1, 3, 1)
    gain = torch.tensor([[2.0, 3**-0.5, 2**-0.5]])
    assert_close(reweigh(ones, UNDERFLOWING, rank='true')[..., 0], gain)
    assert_close(reweigh(ones, UNDERFLOWING, rank='argsort')[..., 0], gain)


def test_ranks_count_the_higher_and_equals_share_the_better_one():
    scores = torch.tensor([[0.1, 0.7, 0.2, 0.7, 0.0], [0.0, 0.0, 0.0, 0.0, 1.0]])
    assert true_rank(scores).tolist() == [[4, 1, 3, 1, 5], [2, 2, 2, 2, 1]]


@pytest.mark.parametrize('shape', GRID)
def test_ranks_agree_with_counting(shape):
    scores = random_case(*shape)[0].mul(2).round()[..., 0]  # rounded, for equals
    assert true_rank(scores).tolist() == [ranks_by_counting(row) for row in scores.tolist()]


@pytest.mark.parametrize(
    ('rank', 'gain'),
    [
        ('true', [0.1 + 3**-0.5, 0.7 + 1, 0.2 + 2**-0.5]),
        # the authors' reading: sorted places hold tokens 1, 2 and 0
        ('argsort', [0.1 + 2**-0.5, 0.7 + 3**-0.5, 0.2 + 1]),
        ('none', [0.1, 0.7, 0.2]),
    ],
)
def test_gain_of_each_rank_worked_out_by_hand(rank, gain):
    tokens = torch.tensor([[[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]])
    expected = torch.tensor([[[g, 2 * g] for g in gain]])
    assert_close(reweigh(tokens, SCORES, rank=rank), expected)


def test_channel_norm_makes_each_token_as_long_as_its_gain():
    tokens, _ = random_case(1, 3, 4)
    weighed = reweigh(tokens, SCORES, rank='none', norm='channel')
    assert_close(weighed.norm(dim=-1), BELIEF)


def test_token_norm_makes_each_channel_a_unit_vector_after_the_gain():
    tokens, _ = random_case(1, 3, 4)
    weighed = reweigh(tokens, SCORES, rank='none', norm='token')
    assert_close(weighed.norm(dim=1), torch.ones(1, 4))
    assert_close(weighed, reweigh(2 * tokens, SCORES, rank='none', norm='token'))
    assert not torch.allclose(weighed, reweigh(tokens, SCORES.flip(1), rank='none', norm='token'))


@pytest.mark.parametrize('norm', ['none', 'channel', 'token'])
def test_true_ranks_do_not_care_for_the_order_of_the_tokens(norm):
    tokens, instruction = random_case(2, 7, 4)
    scores = belief_scores(tokens, instruction)
    assert_close(
        reweigh(tokens.flip(1), scores.flip(1), norm=norm),
        reweigh(tokens, scores, norm=norm).flip(1),
    )


def test_reweighing_trains_tokens_and_belief():
    tokens, instruction = (t.double().requires_grad_() for t in random_case(2, 4, 3))
    assert torch.autograd.gradcheck(
        lambda t, i: reweigh(t, belief_scores(t, i)), (tokens, instruction)
    )


def test_what_onnx_computes_is_the_same_also_for_equal_scores(monkeypatch):
    scores = torch.tensor([[0.3, 0.9, 0.3, -1.0, 0.9], [2.0, 1.0, 0.0, -1.0, -2.0]])
    wanted = true_rank(scores)
    monkeypatch.setattr(torch.onnx, 'is_in_onnx_export', lambda: True)
    assert true_rank(scores).tolist() == wanted.tolist() == [[3, 1, 3, 5, 1], [1, 2, 3, 4, 5]]
    distinct = scores[1:]
    tokens = torch.arange(5.0).view(1, 5, 1)
    assert select(tokens, distinct.flip(-1), 2).flatten().tolist() == [4, 3]
