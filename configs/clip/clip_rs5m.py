"""Stage 1: CLIP ViT-B/32 of LAION-2B goes on with RS5M, 20 epochs of a million pairs.

An epoch is 3906 batches of 256.

The paper does not say where its first stage starts; here it starts from public weights.

    python tools/get_weights.py laion-vit-b-32
    mim train pir_mm configs/clip/clip_rs5m.py

The shards of RS5M belong into data/rs5m; any webdataset of images and captions will do. A killed
run repeats at most one epoch (`--resume`).
"""

_base_ = [
    '../_base_/models/clip_vit_b_32.py',
    '../_base_/datasets/rsicd_clip_224.py',
    '../_base_/schedules/adamw_clip_10e.py',
    '../_base_/retrieval_runtime.py',
]

model = dict(init='data/weights/laion-vit-b-32.pth')
train_dataloader = dict(
    batch_size=256,
    sampler=dict(_delete_=True, type='pir_mm.BlockSampler', samples_per_epoch=999_936),
    dataset=dict(
        _delete_=True,
        type='pir_mm.ShardDataset',
        shards='data/rs5m',
        pipeline={{_base_.train_pipeline}},
    ),
)
train_cfg = dict(max_epochs=20)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, begin=0, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=0.0, begin=1, end=20, convert_to_iter_based=True),
]
