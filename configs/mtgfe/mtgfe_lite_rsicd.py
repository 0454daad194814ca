"""MTGFE of a frozen EfficientNet-Lite0 and MiniLM's 3 + 3 layers on RSICD, all three tasks.

python tools/get_weights.py efficientnet-lite0 minilm-l6
mim train pir_mm configs/mtgfe/mtgfe_lite_rsicd.py
"""

_base_ = [
    '../_base_/models/mtgfe_lite.py',
    '../_base_/datasets/rsicd_once_two_views_224.py',
    '../_base_/matching_runtime.py',
    '../_base_/schedules/adamw_mtgfe_lite_6e.py',
]

default_hooks = dict(
    features=dict(
        type='pir_mm.FeatureCacheHook',
        folder='data/features/rsicd_224',
        parts=dict(image_encoder='lite0_levels_tokens', text_encoder='minilm_lower_half'),
    )
)
val_dataloader = None
