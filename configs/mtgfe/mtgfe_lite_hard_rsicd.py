"""All three tasks of MTGFE, with negatives that a trained dual encoder finds hard.

python tools/get_weights.py efficientnet-lite0 minilm-l6
mim train pir_mm configs/pir/pretrained/pir_itr_lite_rsicd.py
mim train pir_mm configs/mtgfe/mtgfe_lite_hard_rsicd.py
"""

_base_ = './mtgfe_lite_rsicd.py'

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
