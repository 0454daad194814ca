"""Stage 1 for two CPU cores: frozen EfficientNet-Lite0 and MiniLM learn from shards.

The shards hold RSICD's training pictures but those that show or describe what UCM's test and
validation pictures do, and generated scenes:

    python tools/get_weights.py efficientnet-lite0 minilm-l6
    python tools/audit.py mixture data/rsicd:train --tests data/ucm:val data/ucm:test \
        --together 1 --out data/stage1
    python tools/make_scenes.py --out data/scenes --n-images 1000
    python tools/make_shards.py data/rsicd --leave-out data/stage1/rsicd.txt --out data/shards/rsicd
    python tools/make_shards.py data/scenes --out data/shards/scenes
    mim train pir_mm configs/clip/lite/clip_lite_stage1.py

What is read on the way is RSICD's validation split. The second stage starts from the last epoch.
"""

_base_ = [
    '../../_base_/models/pir_lite.py',
    '../../_base_/datasets/rsicd_once_224.py',
    '../../_base_/retrieval_runtime.py',
    '../../_base_/schedules/adamw_lite_8e.py',
]

model = dict(image_encoder=dict(dim=512), text_encoder=dict(dim=512), embedding=dict(dim=512))
train_dataloader = dict(
    sampler=dict(_delete_=True, type='pir_mm.BlockSampler'),
    dataset=dict(
        _delete_=True,
        type='pir_mm.ShardDataset',
        shards=['data/shards/rsicd', 'data/shards/scenes'],
        cleaning='pir',
        max_words=30,
        pipeline={{_base_.train_pipeline}},
    ),
)
default_hooks = dict(
    features=dict(
        type='pir_mm.FeatureCacheHook',
        folder='data/features/stage1_224',
        parts=dict(image_encoder='lite0_levels'),
    )
)
