"""RSICD, official splits 8734 / 1094 / 1093, at 224 pixels, one caption a sample.

python tools/prepare_data.py rsicd --source DIR --out data/rsicd
"""

data_root = 'data/rsicd/'

pack = dict(
    type='mmpretrain.PackInputs',
    algorithm_keys=['text', 'text_id', 'caption_id', 'scene'],
    meta_keys=['image_id', 'img_path'],
)
# The authors' RandomAugment, N=2, M=7: two draws, each applied with probability 1/2.
policies = [
    dict(type='mmpretrain.AutoContrast', prob=0.0),  # leaves the picture as it is
    dict(type='mmpretrain.AutoContrast'),
    dict(type='mmpretrain.Equalize'),
    dict(type='mmpretrain.Brightness', magnitude=0.36, random_negative_prob=0.0),
    dict(type='mmpretrain.Sharpness', magnitude=0.36, random_negative_prob=0.0),
    dict(type='mmpretrain.Shear', magnitude=0.21, direction='horizontal', interpolation='bilinear'),
    dict(type='mmpretrain.Shear', magnitude=0.21, direction='vertical', interpolation='bilinear'),
    dict(type='mmpretrain.Translate', magnitude=7 / 224, direction='horizontal'),
    dict(type='mmpretrain.Translate', magnitude=7 / 224, direction='vertical'),
    dict(type='mmpretrain.Rotate', angle=21.0, interpolation='bilinear'),
]
train_pipeline = [
    dict(type='pir_mm.LoadPicture'),
    dict(
        type='mmpretrain.RandomResizedCrop',
        scale=224,
        crop_ratio_range=(0.5, 1.0),
        interpolation='bicubic',
    ),
    dict(type='mmpretrain.RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='mmpretrain.RandAugment', num_policies=2, magnitude_level=7, policies=policies),
    pack,
]
test_pipeline = [
    dict(type='pir_mm.LoadPicture'),
    dict(type='mmpretrain.Resize', scale=(224, 224), interpolation='bicubic'),
    pack,
]

train_dataloader = dict(
    batch_size=128,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='pir_mm.EpochSampler', shuffle=True),
    collate_fn=dict(type='pir_mm.collate_pairs'),
    dataset=dict(
        type='pir_mm.CaptionDataset',
        ann_file='captions.json',
        data_root=data_root,
        split='train',
        sampling='caption',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=128,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
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
    num_workers=8,
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
