"""60 epochs of AdamW for a scene classifier that starts from ImageNet's weights."""

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=60, val_interval=5)
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='pir_mm.MatrixDecayConstructor',
    optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0.05),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, begin=0, end=3, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=0.0, begin=3, end=60, convert_to_iter_based=True),
]
