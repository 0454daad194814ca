"""A ResNet-18 that recognises AID's scenes at 128 pixels: the prior of the small models.

    mim train pir_mm configs/scene/resnet18_aid.py

The small retrieval models start from its last epoch, `work_dirs/resnet18_aid/epoch_20.pth`: AID has
no third part on which a better one could be chosen. Another model takes it by one line,
`model.instruction_encoder.init=work_dirs/resnet18_aid/epoch_20.pth`.
"""

_base_ = [
    '../_base_/datasets/aid_128.py',
    '../_base_/schedules/adamw_scenes_20e.py',
    '../_base_/default_runtime.py',
]

default_hooks = dict(checkpoint=dict(save_best='accuracy/top1'))
model = dict(
    type='mmpretrain.ImageClassifier',
    # what the retrieval models see: their normalisation, not ImageNet's
    data_preprocessor=dict(
        type='mmpretrain.ClsDataPreprocessor',
        num_classes=30,
        mean=[122.771, 116.746, 104.094],
        std=[68.501, 66.632, 70.323],
        to_rgb=True,
    ),
    backbone=dict(type='mmpretrain.ResNet', depth=18),
    neck=dict(type='mmpretrain.GlobalAveragePooling'),
    head=dict(
        type='mmpretrain.LinearClsHead',
        num_classes=30,
        in_channels=512,
        loss=dict(type='mmpretrain.LabelSmoothLoss', label_smooth_val=0.1),
    ),
)
