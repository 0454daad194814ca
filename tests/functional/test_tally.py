import pytest
import torch

from pir_mm.functional.tally import Tally

SCORES = torch.tensor([[0.5, 0.9, 0.5, 0.1, 0.5], [0.3, 0.2, 0.1, 0.0, 0.3]])
# Query 0 owns entries 0 and 2, query 1 owns entry 4.
QUERY, ENTRY = torch.tensor([0, 0, 1]), torch.tensor([0, 2, 4])


@pytest.mark.parametrize('width', [1, 2, 5])
def test_counts_from_tiles_of_any_width(width):
    tally = Tally(SCORES[QUERY, ENTRY], QUERY, ENTRY, queries=2)
    for entries in torch.arange(5).split(width):
        for query in torch.tensor([[1], [0]]):
            tally.add(SCORES[query][:, entries], query, entries)
    standing = tally.standing()
    assert standing.above.tolist() == [1, 0]
    assert standing.tied.tolist() == [1, 1]
    assert standing.positives.tolist() == [2, 1]
    assert standing.later.tolist() == [1, 0]
