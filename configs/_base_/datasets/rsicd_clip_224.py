"""RSICD as CLIP sees pictures: the short edge resized, the middle taken; captions as they are."""

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
        scale=224,
        crop_ratio_range=(0.9, 1.0),
        interpolation='bicubic',
    ),
    pack,
]
test_pipeline = [
    dict(type='pir_mm.LoadPicture'),
    dict(type='mmpretrain.ResizeEdge', scale=224, edge='short', interpolation='bicubic'),
    dict(type='mmpretrain.CenterCrop', crop_size=224),
    pack,
]

train_dataloader = dict(
    batch_size=512,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='pir_mm.BlockSampler', samples_per_epoch=999_936, block=1),
    collate_fn=dict(type='pir_mm.collate_pairs'),
    dataset=dict(
        type='pir_mm.CaptionDataset',
        ann_file='captions.json',
        data_root=data_root,
        split='train',
        sampling='caption',
        cleaning='none',
        max_words=200,
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
        cleaning='none',
        max_words=200,
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
        cleaning='none',
        max_words=200,
        pipeline=test_pipeline,
    ),
)
