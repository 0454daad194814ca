"""The retrieval filter of MTGFE over the frozen encoders of the small model, which teaches it."""

_base_ = './mtgfe_lite.py'

model = dict(
    _delete_=True,
    type='pir_mm.RetrievalFilter',
    data_preprocessor=_base_.model.data_preprocessor,
    tokenizer=_base_.model.tokenizer,
    teacher=_base_.model,
    init='work_dirs/mtgfe_lite_rsicd/epoch_6.pth',
    classifier=dict(type='pir_mm.PairClassifier', image_dim=384, text_dim=384, hidden=(768, 256)),
    distillation=dict(type='pir_mm.DistillationLoss', soft_weight=0.2),
)
