"""A scene classifier; the children name its backbone and count its classes."""

model = dict(
    type='pir_mm.SceneClassifier',
    # what the retrieval models see: their normalisation, not ImageNet's
    data_preprocessor=dict(
        type='mmpretrain.ClsDataPreprocessor',
        mean=[122.771, 116.746, 104.094],
        std=[68.501, 66.632, 70.323],
        to_rgb=True,
    ),
    neck=dict(type='mmpretrain.GlobalAveragePooling'),
    head=dict(
        type='mmpretrain.LinearClsHead',
        loss=dict(type='mmpretrain.LabelSmoothLoss', label_smooth_val=0.1),
    ),
)
