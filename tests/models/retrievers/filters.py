"""Filters of the tiny fusion model."""

import torch
from mmengine.registry import MODELS

from tests.models.fusion.tiny import CONFIG, DIM, ITM, build

TEACHER = {**CONFIG, 'losses': dict(itm=ITM)}
CLASSIFIER = dict(type='pir_mm.PairClassifier', image_dim=DIM, text_dim=DIM, hidden=(16, 8))
FILTER = dict(
    type='pir_mm.RetrievalFilter',
    data_preprocessor=CONFIG['data_preprocessor'],
    teacher=TEACHER,
    classifier=CLASSIFIER,
    distillation=dict(type='pir_mm.DistillationLoss'),
    init='random',
)


def build_filter(config=FILTER, **changes):
    """A filter in evaluation mode; always the same weights."""
    torch.manual_seed(1)
    return MODELS.build({**config, **changes}).eval()


def save_teacher(path, seed=0):
    """A checkpoint of a teacher, and the teacher."""
    teacher = build(losses=dict(itm=ITM))
    for parameter in teacher.parameters():
        parameter.data += 0.01 * torch.randn(
            parameter.shape, generator=torch.Generator().manual_seed(seed)
        )
    torch.save({'state_dict': teacher.state_dict()}, path)
    return teacher


TOWER = dict(type='pir_mm.FeatureTower', width=DIM, hidden=16, dim=8, dropout=0.0)
DUAL = {
    **{key: FILTER[key] for key in ('data_preprocessor', 'teacher', 'distillation', 'init')},
    'type': 'pir_mm.DistilledDualEncoder',
    'image_tower': TOWER,
    'text_tower': TOWER,
    'head': dict(
        type='pir_mm.RetrievalHead', losses=dict(contrastive=dict(type='pir_mm.ContrastiveLoss'))
    ),
}
