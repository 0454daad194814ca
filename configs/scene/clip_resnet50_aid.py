"""CLIP's ResNet-50 that recognises AID's scenes: the instruction encoder of PIR-CLIP.

It starts at random: OpenAI's RN50 ends in another width. Copy the last checkpoint to
data/weights/clip_resnet50_aid.pth.

mim train pir_mm configs/scene/clip_resnet50_aid.py
"""

_base_ = [
    '../_base_/models/scenes_from_imagenet.py',
    '../_base_/datasets/aid_224.py',
    '../_base_/schedules/adamw_scenes_60e.py',
    '../_base_/scene_runtime.py',
]

model = dict(
    backbone=dict(type='pir_mm.clip_resnet'),
    init='random',
    neck=None,
    head=dict(num_classes=30, in_channels=512),
)
