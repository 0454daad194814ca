"""Losses and belief: one forward and backward of a batch."""

import torch
from torch import Tensor

from pir_mm.apis.benchmarking.alternatives import (
    affiliation_by_sample,
    contrastive_by_targets,
    hard_belief_by_image,
)
from pir_mm.apis.benchmarking.contest import Contest
from pir_mm.functional.affiliation import affiliation
from pir_mm.functional.belief import belief_scores, select
from pir_mm.functional.contrastive import symmetric_info_nce
from pir_mm.functional.similarity import similarity

WIDTH, SCENES, TEMPERATURE = 512, 30, 0.07


def affiliation_loss(batch: int) -> Contest:
    """The affiliation loss in the authors' form, over ``batch`` pairs of 30 scenes."""
    image, text, random = _pairs(batch)
    scene = torch.randint(SCENES, (batch,), generator=random)

    def ours() -> tuple[Tensor, ...]:
        value = affiliation(image, scene, text, scene, SCENES, torch.tensor(TEMPERATURE), 'pir')
        return value, *torch.autograd.grad(value, (image, text))

    def alternative() -> tuple[Tensor, ...]:
        value = affiliation_by_sample(image, text, scene, TEMPERATURE)
        return value, *torch.autograd.grad(value, (image, text))

    return Contest(
        ours, alternative, close, 'a mask and a mean for each sample',
        'value and gradients, 1e-4 of the largest',
    )  # fmt: skip


def contrastive_loss(batch: int) -> Contest:
    """The contrastive loss of ``batch`` images with two texts each."""
    image, _, random = _pairs(batch)
    text = _unit(2 * batch, random)
    owner = torch.arange(batch).repeat_interleave(2)
    positive = owner.unsqueeze(0) == torch.arange(batch).unsqueeze(1)

    def ours() -> tuple[Tensor, ...]:
        value = symmetric_info_nce(similarity(image, text) / TEMPERATURE, positive)
        return value, *torch.autograd.grad(value, (image, text))

    def alternative() -> tuple[Tensor, ...]:
        value = contrastive_by_targets(image, text, owner, TEMPERATURE)
        return value, *torch.autograd.grad(value, (image, text))

    return Contest(
        ours, alternative, close, 'target distributions and log-softmax',
        'value and gradients, 1e-4 of the largest',
    )  # fmt: skip


def belief_rank() -> Contest:
    """The hard strategy: the 40 most believed of 50 tokens of 128 images."""
    random = torch.Generator().manual_seed(0)
    tokens = torch.randn(128, 50, WIDTH, generator=random)
    # one far apart order each, so that no rounding of a softmax decides
    instruction = torch.randn(128, WIDTH, generator=random) / WIDTH**0.5
    return Contest(
        lambda: select(tokens, belief_scores(tokens, instruction), 40),
        lambda: hard_belief_by_image(tokens, instruction, 40),
        torch.equal,
        'a sort and a gather for each image',
        'equal',
    )


def _pairs(batch: int) -> tuple[Tensor, Tensor, torch.Generator]:
    random = torch.Generator().manual_seed(0)
    return _unit(batch, random), _unit(batch, random), random


def _unit(rows: int, random: torch.Generator) -> Tensor:
    vectors = torch.randn(rows, WIDTH, generator=random)
    return torch.nn.functional.normalize(vectors, dim=1).requires_grad_()


def close(ours: tuple[Tensor, ...], alternative: tuple[Tensor, ...]) -> bool:
    pairs = zip(ours, alternative, strict=True)
    return all((own - other).abs().max() <= 1e-4 * other.abs().max() for own, other in pairs)
