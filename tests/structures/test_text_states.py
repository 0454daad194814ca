"""States of texts are chosen and cut together with their mask."""

import torch

from pir_mm.structures.text_states import TextStates

STATES = TextStates(
    torch.arange(12.0).view(2, 3, 2), torch.tensor([[True, True, False], [True] * 3])
)


def test_rows_may_repeat_and_keep_their_order():
    tokens, mask = STATES.rows(torch.tensor([1, 0, 1]))
    assert tokens[:, 0, 0].tolist() == [6, 0, 6]
    assert mask.sum(dim=1).tolist() == [3, 2, 3]


def test_cut_leaves_the_first_tokens():
    tokens, mask = STATES.cut(2)
    assert tokens.tolist() == STATES.tokens[:, :2].tolist()
    assert mask.all() and mask.shape == (2, 2)
    tokens, mask = STATES.cut(1, slice(1, 2))
    assert tokens.tolist() == STATES.tokens[1:, :1].tolist() and mask.shape == (1, 1)
