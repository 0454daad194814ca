"""Members come by their groups, a few groups at a time."""

import torch

from pir_mm.functional.group_blocks import group_blocks


def test_worked_out_by_hand():
    blocks = group_blocks(torch.tensor([7, 3, 7, 9, 4, 3]), most=2)
    assert [block.tolist() for block in blocks] == [[1, 5, 4], [0, 2, 3]]
    assert group_blocks(torch.zeros(0).long(), most=2) == ()


def test_each_member_is_in_one_block_and_no_block_has_too_many_groups():
    group = torch.randint(0, 40, (300,), generator=torch.Generator().manual_seed(0))
    blocks = group_blocks(group, most=7)
    assert sorted(torch.cat(blocks).tolist()) == list(range(300))
    assert torch.equal(group[torch.cat(blocks)], group.sort().values)
    groups = len(group.unique())
    assert [len(group[block].unique()) for block in blocks[:-1]] == [7] * (-(-groups // 7) - 1)
