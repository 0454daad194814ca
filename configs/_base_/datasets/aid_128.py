"""AID, 30 scene classes, half of each class to train on.

Crops of 96 pixels are trained on and whole pictures of 128 tested, as in `rsicd_128.py`.

Unpack AID so that data/aid holds one folder a class.
"""

data_root = 'data/aid/'

train_pipeline = [
    dict(type='pir_mm.LoadPicture'),
    dict(
        type='mmpretrain.RandomResizedCrop',
        scale=96,
        crop_ratio_range=(0.3, 1.0),
        interpolation='bicubic',
    ),
    dict(type='mmpretrain.RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='mmpretrain.RandomFlip', prob=0.5, direction='vertical'),
    dict(type='mmpretrain.Rotate', angle=90.0, prob=0.5),
    dict(type='mmpretrain.ColorJitter', brightness=0.2, contrast=0.2),
    dict(type='mmpretrain.PackInputs'),
]
test_pipeline = [
    dict(type='pir_mm.LoadPicture'),
    dict(type='mmpretrain.Resize', scale=(128, 128), interpolation='area'),
    dict(type='mmpretrain.PackInputs'),
]

train_dataloader = dict(
    batch_size=64,
    num_workers=2,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='pir_mm.EpochSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='pir_mm.SceneFolder', data_root=data_root, split='train', pipeline=train_pipeline
    ),
)
val_dataloader = dict(
    batch_size=128,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='pir_mm.SceneFolder',
        data_root=data_root,
        split='test',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='mmpretrain.Accuracy', topk=(1, 5))
test_evaluator = val_evaluator
