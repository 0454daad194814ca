"""A VGG-16 with batch norm that recognises RESISC45's scenes: a prior of table V.

It starts from ImageNet's weights, or at random by `--cfg-options model.init=random`. A
retrieval config takes what it becomes: copy the best checkpoint to
data/weights/vgg16_resisc45.pth.

mim train pir_mm configs/scene/vgg16_resisc45.py
"""

_base_ = [
    '../_base_/models/scenes_from_imagenet.py',
    '../_base_/datasets/resisc45_224.py',
    '../_base_/schedules/adamw_scenes_60e.py',
    '../_base_/scene_runtime.py',
]

model = dict(
    backbone=dict(
        type='mmpretrain.VGG',
        depth=16,
        norm_cfg=dict(type='BN'),
    ),
    init='data/weights/vgg16_imagenet.pth',
    head=dict(num_classes=45, in_channels=512),
)
