"""RSICD, a picture a sample with up to five of its distinct captions.

Crops of 96 pixels are trained on and whole pictures of 128 tested: a random crop enlarges what it
shows, so things come in about the same size.
"""

data_root = 'data/rsicd/'

pack = dict(
    type='mmpretrain.PackInputs',
    algorithm_keys=['text', 'text_id', 'caption_id', 'scene'],
    meta_keys=['image_id', 'img_path'],
)
train_pipeline = [
    dict(type='pir_mm.LoadPicture'),
    dict(
        type='mmpretrain.RandomResizedCrop',
        scale=96,
        crop_ratio_range=(0.4, 1.0),
        interpolation='bicubic',
    ),
    # seen from above, a scene is the same in all eight orientations
    dict(type='mmpretrain.RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='mmpretrain.RandomFlip', prob=0.5, direction='vertical'),
    dict(type='mmpretrain.Rotate', angle=90.0, prob=0.5),
    pack,
]
test_pipeline = [
    dict(type='pir_mm.LoadPicture'),
    dict(type='mmpretrain.Resize', scale=(128, 128), interpolation='area'),
    pack,
]

train_dataloader = dict(
    batch_size=64,
    num_workers=2,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='pir_mm.EpochSampler', shuffle=True),
    collate_fn=dict(type='pir_mm.collate_pairs'),
    dataset=dict(
        type='pir_mm.CaptionDataset',
        ann_file='captions.json',
        data_root=data_root,
        split='train',
        sampling='image',
        captions_per_image=5,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=128,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='pir_mm.collate_pairs'),
    dataset=dict(
        type='pir_mm.CaptionDataset',
        ann_file='captions.json',
        data_root=data_root,
        split='val',
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_dataloader = dict(
    batch_size=128,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='pir_mm.collate_pairs'),
    dataset=dict(
        type='pir_mm.CaptionDataset',
        ann_file='captions.json',
        data_root=data_root,
        split='test',
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
