"""A student's distance to its teacher and to the truth."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from pir_mm.functional.distillation import agreement, distillation

EVERY = torch.ones(5, dtype=torch.bool)


def case(seed=0, count=5):
    generator = torch.Generator().manual_seed(seed)
    student, teacher = torch.randn(2, count, generator=generator, dtype=torch.float64) * 3
    return student, teacher, torch.rand(count, generator=generator) < 0.5


def test_worked_out_by_hand():
    """The teacher says 3 to 1 for a match, the student 1 to 1; it is one."""
    student, teacher = torch.zeros(1), torch.tensor([math.log(3.0)])
    soft, hard = distillation(student, teacher, torch.tensor([True]), EVERY[:1])
    assert soft.item() == pytest.approx(0.75 * math.log(1.5) + 0.25 * math.log(0.5))
    assert hard.item() == pytest.approx(math.log(2))


@pytest.mark.parametrize('temperature', [0.5, 1.0, 4.0])
def test_it_is_that_of_two_logits(temperature):
    student, teacher, matched = case()
    soft, hard = distillation(student, teacher, matched, EVERY, temperature)
    # any two logits with this difference
    student, teacher = (torch.stack([one - 1.5 * one, one - 0.5 * one], 1) for one in
                        (student, teacher))  # fmt: skip
    own = (student / temperature).log_softmax(dim=1)
    wanted = (teacher / temperature).softmax(dim=1)
    divergence = F.kl_div(own, wanted, reduction='batchmean')
    assert_close(soft, temperature**2 * divergence)
    assert_close(hard, F.cross_entropy(student, matched.long()))


def test_who_agrees_with_the_teacher_pays_nothing_and_who_is_sure_stays_finite():
    _, teacher, matched = case()
    assert distillation(teacher, teacher, matched, EVERY)[0].abs() < 1e-12
    sure = torch.tensor([1e4, -1e4])
    soft, hard = distillation(sure, -sure, torch.tensor([True, False]), EVERY[:2])
    assert soft == 1e4 and hard == 0


def test_only_the_student_learns():
    student, teacher, matched = case()
    student.requires_grad_(), teacher.requires_grad_()
    sum(distillation(student, teacher, matched, EVERY)).backward()
    assert student.grad.abs().min() > 0 and teacher.grad is None


def test_pairs_that_are_left_out_do_not_count():
    student, teacher, matched = case()
    kept = torch.tensor([True, False, True, False, False])
    some = distillation(student, teacher, matched, kept)
    assert_close(some, distillation(student[kept], teacher[kept], matched[kept], EVERY[:2]))
    assert [part.item() for part in distillation(student, teacher, matched, ~EVERY)] == [0, 0]


def test_agreement_is_about_the_side_of_zero():
    student, teacher = torch.tensor([1.0, -1, 2, -3]), torch.tensor([9.0, 1, -1, -1])
    assert agreement(student, teacher, EVERY[:4]) == 0.5
    assert agreement(student, teacher, torch.tensor([True, True, False, True])) == pytest.approx(
        2 / 3
    )
