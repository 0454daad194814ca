"""RSICD at 224 pixels, one caption a sample, two views of a picture by the RandAugment of MTGFE.

A picture is seen whole: a crop could leave out what the caption describes.
"""

_base_ = './rsicd_224.py'

augment = dict(
    type='mmpretrain.RandAugment',
    num_policies=2,
    magnitude_level=7,
    # the nine operations that the paper names: not the horizontal shear
    policies=_base_.policies[:5] + _base_.policies[6:],
)
resized = [
    dict(type='pir_mm.LoadPicture'),
    dict(type='mmpretrain.Resize', scale=(224, 224), interpolation='bicubic'),
]
two_views = [*resized, dict(type='pir_mm.TwoViews', transforms=[augment]), _base_.pack]

train_dataloader = dict(batch_size=32, dataset=dict(pipeline=two_views))
