"""The small MTGFE on RSICD, tested behind its filter; on validation, which k suffices.

mim train pir_mm configs/mtgfe/mtgfe_lite_rsicd.py
mim train pir_mm configs/mtgfe/mtgfe_lite_filter_rsicd.py
mim test pir_mm configs/mtgfe/mtgfe_lite_cascade_rsicd.py \
    --checkpoint work_dirs/mtgfe_lite_rsicd/epoch_6.pth
"""

_base_ = './mtgfe_lite_rsicd.py'

own_filter = dict(
    config='configs/mtgfe/mtgfe_lite_filter_rsicd.py',
    checkpoint='work_dirs/mtgfe_lite_filter_rsicd/epoch_30.pth',
)
test_cfg = dict(cascade=dict(filter=own_filter, k=128))
validation = dict(_base_.test_dataloader.dataset, split='val')
val_dataloader = dict(_base_.test_dataloader, _delete_=True, dataset=validation)
val_cfg = dict(
    _delete_=True,
    type='pir_mm.RetrievalValLoop',
    cascade=dict(filter=own_filter, k=[8, 16, 32, 64, 128, 'all']),
)
val_evaluator = dict(type='pir_mm.RetrievalEvaluator')
