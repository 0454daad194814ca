"""10 epochs of AdamW for CLIP: linear warm-up over half an epoch, then a cosine to zero."""

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=10, val_interval=1)
optim_wrapper = dict(
    type='pir_mm.Bf16OptimWrapper',
    constructor='pir_mm.MatrixDecayConstructor',
    optimizer=dict(type='AdamW', lr=1e-5, betas=(0.9, 0.999), weight_decay=0.5),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, begin=0, end=0.5, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=0.0, begin=0.5, end=10, convert_to_iter_based=True),
]
