"""What people hand to the mathematics on a GPU stays there."""

import pytest
import torch
from torch.testing import assert_close

from pir_mm.datasets.audit.alignment import agreement, align, details
from pir_mm.datasets.audit.near_copies import describe, find_near_copies
from pir_mm.evaluation.scene_confusion import confused_pairs, foreign_share, neighbour_shares
from pir_mm.functional.affiliation import affiliation
from pir_mm.functional.belief import belief_scores, reweigh, select
from pir_mm.functional.contrastive import symmetric_info_nce
from pir_mm.functional.similarity import positives
from pir_mm.functional.triplet import triplet_sum
from tests.devices import result_elsewhere


def drawn(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


GREY = drawn(6, 64, 64).cumsum(1).cumsum(2)
SHARES = drawn(8, 3).softmax(dim=1)
SCENE = torch.arange(8) % 3
CASES = {
    'agreement': (agreement, GREY, GREY, torch.zeros(6, 2, 3), 16),
    'align': (align, details(GREY), details(GREY), torch.ones(6)),
    'find_near_copies': (find_near_copies, describe(GREY), describe(GREY), 0.9),
    'neighbour_shares': (neighbour_shares, drawn(8, 5), SCENE, 3, 2),
    'foreign_share': (foreign_share, SHARES, SCENE),
    'confused_pairs': (confused_pairs, SHARES, SCENE, 3),
    'belief_scores': (belief_scores, drawn(2, 5, 4), drawn(2, 4)),
    'reweigh': (reweigh, drawn(2, 5, 4), drawn(2, 5)),
    'select': (select, drawn(2, 5, 4), drawn(2, 5), 3),
    'affiliation': (affiliation, drawn(8, 5), SCENE, drawn(8, 5), SCENE, 99, 0.1, 'pir'),
    'positives': (positives, SCENE, torch.arange(8), SCENE),
    'contrastive': (symmetric_info_nce, drawn(8, 8), drawn(8, 8) > 0),
    'triplet': (triplet_sum, drawn(8, 8), torch.arange(8), drawn(8, 8) > 0, 0.2),
}


@pytest.mark.parametrize('name', CASES)
def test_new_tensors_lie_where_the_given_ones_do(name):
    function, *given = CASES[name]
    assert_close(result_elsewhere(function, *given), function(*given))


def test_a_tensor_made_elsewhere_would_be_noticed():
    with pytest.raises((RuntimeError, NotImplementedError)):
        result_elsewhere(lambda x: x + torch.ones(2), torch.ones(2)).item()
