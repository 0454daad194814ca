"""The filter that an index can serve, of the small MTGFE on RSICD: inner products of two towers.

python tools/get_weights.py efficientnet-lite0 minilm-l6
mim train pir_mm configs/mtgfe/mtgfe_lite_rsicd.py
mim train pir_mm configs/mtgfe/mtgfe_lite_dual_filter_rsicd.py
"""

_base_ = './mtgfe_lite_filter_rsicd.py'

tower = dict(type='pir_mm.FeatureTower', width=384, hidden=1024, dim=256)
model = dict(
    _delete_=True,
    type='pir_mm.DistilledDualEncoder',
    data_preprocessor=_base_.model.data_preprocessor,
    tokenizer=_base_.model.tokenizer,
    teacher=_base_.model.teacher,
    init=_base_.model.init,
    image_tower=tower,
    text_tower=tower,
    head=dict(
        type='pir_mm.RetrievalHead',
        losses=dict(contrastive=dict(type='pir_mm.ContrastiveLoss')),
        temperatures=dict(contrastive=dict(init=0.07, fixed=True)),
    ),
    distillation=_base_.model.distillation,
)
