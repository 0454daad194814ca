"""AID at 224 pixels, 30 scene classes, a fifth of each class to train on.

Unpack AID so that data/aid holds one folder a class. The share is that of Remote Sensing
Pretraining's file, from which the authors of PIR start; its lists are another draw.
"""

data_root = 'data/aid/'
train_ratio = 0.2

train_pipeline = [
    dict(type='pir_mm.LoadPicture'),
    dict(
        type='mmpretrain.RandomResizedCrop',
        scale=224,
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
    dict(type='mmpretrain.Resize', scale=(224, 224), interpolation='bicubic'),
    dict(type='mmpretrain.PackInputs'),
]

train_dataloader = dict(
    batch_size=64,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='pir_mm.EpochSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='pir_mm.SceneFolder',
        data_root=data_root,
        split='train',
        train_ratio=train_ratio,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=128,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='pir_mm.SceneFolder',
        data_root=data_root,
        split='test',
        train_ratio=train_ratio,
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='mmpretrain.Accuracy', topk=(1, 5))
test_evaluator = val_evaluator
