"""30 epochs of AdamW for a filter, which starts at random: warm-up over an epoch, then a cosine."""

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=30, val_interval=5)
optim_wrapper = dict(
    type='pir_mm.Bf16OptimWrapper',
    constructor='pir_mm.MatrixDecayConstructor',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.02),
    clip_grad=dict(max_norm=5.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, begin=0, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=0.0, begin=1, end=30, convert_to_iter_based=True),
]
