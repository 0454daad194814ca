"""Texts of similar length stand together."""

import pytest
import torch

from pir_mm.functional.length_groups import MIN_GROUP, length_groups


def lengths(count):
    generator = torch.Generator().manual_seed(count)
    return torch.randint(3, 30, (count,), generator=generator).sort().values


def test_a_group_is_as_long_as_its_last_text():
    found = length_groups(torch.tensor([3] * 20 + [5] * 15 + [9] * 5), 2)
    assert found == [(slice(0, 20), 3), (slice(20, 40), 9)]


@pytest.mark.parametrize('count', [1, 16, 31, 32, 70, 129])
@pytest.mark.parametrize('groups', [1, 2, 4])
def test_every_text_is_in_one_group_and_none_is_too_small(count, groups):
    given = lengths(count)
    found = length_groups(given, groups)
    rows = [row for own, _ in found for row in range(count)[own]]
    assert rows == list(range(count)) and len(found) <= groups
    assert [longest for _, longest in found] == [int(given[own].max()) for own, _ in found]
    if len(found) > 1:
        assert all(len(range(count)[own]) >= MIN_GROUP for own, _ in found[:-1])


def test_no_text_has_no_group():
    assert length_groups(torch.zeros(0).long(), 4) == []
