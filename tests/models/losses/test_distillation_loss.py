"""The teacher's term and that of the truth, by their weights."""

import pytest
import torch
from mmengine.registry import MODELS
from torch.testing import assert_close

from pir_mm.functional.distillation import distillation
from tests.models.fusion.tiny import batch_of


def build(**changes):
    return MODELS.build(dict(type='pir_mm.DistillationLoss', **changes))


@pytest.mark.parametrize('soft_weight', [0.0, 0.2, 1.0])
@pytest.mark.parametrize('temperature', [1.0, 2.0])
def test_weighs_both_terms(soft_weight, temperature):
    loss = build(soft_weight=soft_weight, temperature=temperature)
    pairs = loss.pairs(batch_of(4))
    student, teacher = torch.randn(2, len(pairs.image), generator=torch.Generator().manual_seed(0))
    found = loss(student, teacher, pairs)
    soft, hard = distillation(student, teacher, pairs.matched, pairs.kept, temperature)
    assert_close(found['loss_soft'], soft_weight * soft)
    assert_close(found['loss_hard'], (1 - soft_weight) * hard)
    assert 0 <= found['teacher_agreement'] <= 1 and set(found) == {
        'loss_soft', 'loss_hard', 'teacher_agreement'
    }  # fmt: skip


@pytest.mark.parametrize('negatives', [1, 2])
def test_strangers_are_neither_of_the_same_picture_nor_of_the_same_words(negatives):
    """Rows 0 and 2 show one picture; texts 1 and 3 have the same words."""
    batch = batch_of(4, image_id=[7, 8, 7, 9], text_id=[0, 1, 2, 1])
    loss = build(negatives=negatives)
    for _ in range(50):
        pairs = loss.pairs(batch)
        assert len(pairs.image) == 4 + 8 * negatives
        false = list(zip(pairs.image[4:].tolist(), pairs.text[4:].tolist(), strict=True))
        assert not {(0, 2), (2, 0), (1, 3), (3, 1)} & set(false)
        assert not any(image == text for image, text in false)


@pytest.mark.parametrize(
    'settings',
    [dict(negatives=0), dict(soft_weight=1.1), dict(soft_weight=-1), dict(temperature=0)],
)
def test_says_what_is_out_of_range(settings):
    with pytest.raises(ValueError, match='wants negatives of at least 1, soft_weight from 0 to 1'):
        build(**settings)
