"""The generated scenes at 96 pixels, a picture a sample with all of its five captions.

python tools/make_scenes.py --out data/scenes
"""

_base_ = './rsicd_128.py'
data_root = 'data/scenes/'
pack = _base_.pack

train_pipeline = [
    dict(type='pir_mm.LoadPicture'),
    dict(type='mmpretrain.Resize', scale=(96, 96), interpolation='area'),
    pack,
]
test_pipeline = train_pipeline

train_dataloader = dict(dataset=dict(data_root=data_root, pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(data_root=data_root, pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(data_root=data_root, pipeline=test_pipeline))
