"""A filter of inner products over the frozen encoders of the small MTGFE, which teaches it."""

_base_ = './mtgfe_lite.py'

tower = dict(type='pir_mm.FeatureTower', width=384, hidden=1024, dim=256)
model = dict(
    _delete_=True,
    type='pir_mm.DistilledDualEncoder',
    data_preprocessor=_base_.model.data_preprocessor,
    tokenizer=_base_.model.tokenizer,
    teacher=_base_.model,
    init='work_dirs/mtgfe_lite_rsicd/epoch_10.pth',
    image_tower=tower,
    text_tower=tower,
    head=dict(
        type='pir_mm.RetrievalHead',
        losses=dict(contrastive=dict(type='pir_mm.ContrastiveLoss')),
        temperatures=dict(contrastive=dict(init=0.07, fixed=True)),
    ),
    distillation=dict(type='pir_mm.DistillationLoss', soft_weight=0.2),
)
