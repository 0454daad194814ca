"""A fast scorer of pairs learns from a slow one."""

import torch.nn.functional as F
from torch import Tensor

from pir_mm.functional.matching import kept_mean


def distillation(
    student: Tensor,
    teacher: Tensor,
    matched: Tensor,
    kept: Tensor,
    temperature: float = 1.0,
) -> tuple[Tensor, Tensor]:
    """How far a student is from its teacher, and from the truth, over the kept pairs.

    Hinton et al., *Distilling the Knowledge in a Neural Network*, 2015, for two classes: a match
    and none. Of two logits only the difference counts, the log odds of a match.

    Args:
        student, teacher: ``(P,)`` log odds; the teacher's have no gradient.
        matched: ``(P,)`` bool, the truth.
        kept: ``(P,)`` bool, pairs that count.
        temperature: divides the log odds of both before they are compared.

    Returns:
        Two scalars, in nats: the mean Kullback-Leibler divergence of the student from the teacher,
        times the square of the temperature, so that its gradient keeps its size; and the mean cross
        entropy against the truth. Zero if no pair is kept.
    """
    own, wanted = student / temperature, teacher.detach() / temperature
    match = wanted.sigmoid()
    divergence = match * (F.logsigmoid(wanted) - F.logsigmoid(own))
    divergence = divergence + (1 - match) * (F.logsigmoid(-wanted) - F.logsigmoid(-own))
    surprise = F.binary_cross_entropy_with_logits(
        student, matched.to(student.dtype), reduction='none'
    )
    return temperature**2 * kept_mean(divergence, kept), kept_mean(surprise, kept)


def agreement(student: Tensor, teacher: Tensor, kept: Tensor) -> Tensor:
    """Share of the kept pairs that both call a match, or both do not."""
    return kept_mean(((student > 0) == (teacher > 0)).float(), kept)
