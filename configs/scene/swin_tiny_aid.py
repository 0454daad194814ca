"""A Swin-T that recognises AID's scenes: a prior of table V.

It starts from ImageNet's weights, or at random by `--cfg-options model.init=random`. A
retrieval config takes what it becomes: copy the best checkpoint to
data/weights/swin_tiny_aid.pth.

mim train pir_mm configs/scene/swin_tiny_aid.py
"""

_base_ = [
    '../_base_/models/scenes_from_imagenet.py',
    '../_base_/datasets/aid_224.py',
    '../_base_/schedules/adamw_scenes_60e.py',
    '../_base_/scene_runtime.py',
]

model = dict(
    backbone=dict(
        type='mmpretrain.SwinTransformer',
        arch='tiny',
    ),
    init='data/weights/swin_tiny_imagenet.pth',
    head=dict(num_classes=30, in_channels=768),
)
