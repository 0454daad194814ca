"""PIR-ITR on generated scenes, in a few minutes on two CPU cores: what the quickstart trains.

python tools/make_scenes.py --out data/scenes
mim train pir_mm configs/demo/pir_itr_scenes.py
"""

_base_ = [
    '../_base_/models/pir_small.py',
    '../_base_/datasets/scenes_96.py',
    '../_base_/retrieval_runtime.py',
    '../_base_/schedules/adamw_small_4e.py',
]

narrow = dict(stem_channels=32, base_channels=32)
model = dict(
    tokenizer=dict(vocab='data/scenes/vocab.txt'),
    image_encoder=dict(backbone=narrow, init='random'),
    instruction_encoder=dict(backbone=narrow, init='random'),
)
train_dataloader = dict(batch_size=32, dataset=dict(captions_per_image=2))
# everything starts at random, the image backbone too
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'image_encoder.backbone': dict(lr_mult=1.0)}))
train_cfg = dict(max_epochs=25, val_interval=25)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, begin=0, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=0.0, begin=1, end=25, convert_to_iter_based=True),
]
