"""Three more epochs of the small MTGFE, with negatives that a trained dual encoder finds hard.

python tools/get_weights.py efficientnet-lite0 minilm-l6
mim train pir_mm configs/pir/pretrained/pir_itr_lite_rsicd.py
mim train pir_mm configs/mtgfe/mtgfe_lite_rsicd.py
mim train pir_mm configs/mtgfe/mtgfe_lite_hard_rsicd.py
"""

_base_ = './mtgfe_lite_rsicd.py'

load_from = 'work_dirs/mtgfe_lite_rsicd/epoch_6.pth'  # a model at random learns nothing from these
model = dict(losses=dict(itm=dict(negatives='hard')))
default_hooks = dict(
    similarity=dict(
        type='pir_mm.FilterSimilarityHook',
        filter=dict(
            config='configs/pir/pretrained/pir_itr_lite_rsicd.py',
            checkpoint='work_dirs/pir_itr_lite_rsicd/best_mR_epoch_10.pth',
        ),
    )
)
optim_wrapper = dict(optimizer=dict(lr=2.5e-5))
train_cfg = dict(max_epochs=3)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, begin=0, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=0.0, begin=1, end=3, convert_to_iter_based=True),
]
