"""Frozen EfficientNet-Lite0 and a fine-tuned MiniLM: the model to use, from two CPU cores.

python tools/get_weights.py efficientnet-lite0 minilm-l6
mim train pir_mm configs/pir/pretrained/pir_itr_lite_rsicd.py
"""

_base_ = './pir_lite_baseline_rsicd.py'

model = dict(
    image_encoder=dict(dim=512),
    text_encoder=dict(dim=512, frozen=False),
    embedding=dict(dim=512),
)
default_hooks = dict(features=dict(parts=dict(_delete_=True, image_encoder='lite0_levels')))
train_dataloader = dict(dataset=dict(captions_per_image=1))
train_cfg = dict(max_epochs=10)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, begin=0, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=0.0, begin=1, end=10, convert_to_iter_based=True),
]
