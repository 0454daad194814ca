"""The retrieval filter of MTGFE over the frozen encoders of the paper's model, which teaches it."""

_base_ = './mtgfe.py'

model = dict(
    _delete_=True,
    type='pir_mm.RetrievalFilter',
    data_preprocessor=_base_.model.data_preprocessor,
    tokenizer=_base_.model.tokenizer,
    teacher=_base_.model,
    init='work_dirs/mtgfe_rsicd/epoch_60.pth',
    classifier=dict(type='pir_mm.PairClassifier', image_dim=768, text_dim=768, hidden=(768, 256)),
    distillation=dict(type='pir_mm.DistillationLoss', soft_weight=0.2),
)
