"""A scene classifier from ImageNet's EfficientNet-Lite0, whose last two stages are trained."""

model = dict(
    type='pir_mm.SceneClassifier',
    data_preprocessor=dict(
        type='mmpretrain.ClsDataPreprocessor',
        mean=[127.0, 127.0, 127.0],  # as in `pir_lite.py`
        std=[128.0, 128.0, 128.0],
        to_rgb=True,
    ),
    backbone=dict(type='mmpretrain.TIMMBackbone', model_name='tf_efficientnet_lite0'),
    init='data/weights/efficientnet-lite0.pth',
    frozen='timm_model.blocks.4',
    neck=dict(type='mmpretrain.GlobalAveragePooling'),
    head=dict(
        type='mmpretrain.LinearClsHead',
        num_classes=30,
        in_channels=1280,
        loss=dict(type='mmpretrain.LabelSmoothLoss', label_smooth_val=0.1),
    ),
)
