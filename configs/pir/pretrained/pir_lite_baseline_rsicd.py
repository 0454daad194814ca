"""Two frozen encoders, EfficientNet-Lite0 and MiniLM, a linear layer each, the contrastive loss.

python tools/get_weights.py efficientnet-lite0 minilm-l6
mim train pir_mm configs/pir/pretrained/pir_lite_baseline_rsicd.py
"""

_base_ = [
    '../../_base_/models/pir_lite.py',
    '../../_base_/datasets/rsicd_once_224.py',
    '../../_base_/retrieval_runtime.py',
    '../../_base_/schedules/adamw_lite_8e.py',
]

model = dict(text_encoder=dict(frozen=True))
default_hooks = dict(
    features=dict(
        type='pir_mm.FeatureCacheHook',
        folder='data/features/rsicd_224',
        parts=dict(image_encoder='lite0_levels', text_encoder='minilm'),
    )
)
