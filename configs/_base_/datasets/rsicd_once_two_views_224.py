"""RSICD at 224 pixels for frozen image encoders, with two views of a picture.

Each view is the picture as it is or mirrored, so that both come from features computed once.
"""

_base_ = './rsicd_once_224.py'

two_views = [
    *_base_.test_pipeline[:-1],
    dict(type='pir_mm.TwoViews', transforms=[dict(type='pir_mm.RandomTurn', turns=2)]),
    _base_.pack,
]

train_dataloader = dict(batch_size=64, dataset=dict(captions_per_image=1, pipeline=two_views))
