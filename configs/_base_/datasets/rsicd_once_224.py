"""RSICD at 224 pixels, a picture a sample with its distinct captions, for frozen image encoders.

A picture is seen whole, as it is or mirrored, so that its features can be computed once.
"""

data_root = 'data/rsicd/'

pack = dict(
    type='mmpretrain.PackInputs',
    algorithm_keys=['text', 'text_id', 'caption_id', 'scene'],
    meta_keys=['image_id', 'img_path'],
)
test_pipeline = [
    dict(type='pir_mm.LoadPicture'),
    dict(type='mmpretrain.Resize', scale=(224, 224), interpolation='area'),
    pack,
]
train_pipeline = [*test_pipeline[:-1], dict(type='pir_mm.RandomTurn', turns=2), pack]

train_dataloader = dict(
    batch_size=256,
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
