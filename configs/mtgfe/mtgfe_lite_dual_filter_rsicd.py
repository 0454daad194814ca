"""The filter that an index can serve, of the small MTGFE on RSICD.

python tools/get_weights.py efficientnet-lite0 minilm-l6
mim train pir_mm configs/mtgfe/mtgfe_lite_rsicd.py
mim train pir_mm configs/mtgfe/mtgfe_lite_dual_filter_rsicd.py
"""

_base_ = [
    '../_base_/models/mtgfe_lite_dual_filter.py',
    '../_base_/datasets/rsicd_once_224.py',
    '../_base_/retrieval_runtime.py',
    '../_base_/schedules/adamw_filter_30e.py',
]

train_dataloader = dict(batch_size=128, dataset=dict(captions_per_image=1))
default_hooks = dict(
    features=dict(
        type='pir_mm.FeatureCacheHook',
        folder='data/features/rsicd_224',
        parts=dict(image_encoder='lite0_levels_tokens'),
    )
)
