"""4 epochs of AdamW for the small models, in bfloat16: short warm-up, then a cosine to zero.

A trained image backbone moves by a third of what the rest does. The averaged weights are the ones
validated, saved and tested.
"""

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=4, val_interval=2)
optim_wrapper = dict(
    type='pir_mm.Bf16OptimWrapper',
    constructor='pir_mm.MatrixDecayConstructor',
    optimizer=dict(type='AdamW', lr=1e-3, betas=(0.9, 0.98), weight_decay=0.05),
    paramwise_cfg=dict(
        custom_keys={'image_encoder.backbone': dict(lr_mult=0.3)},
    ),
    clip_grad=dict(max_norm=5.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, begin=0, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=0.0, begin=1, end=4, convert_to_iter_based=True),
]
custom_hooks = [dict(type='EMAHook', ema_type='ExponentialMovingAverage', momentum=0.01)]
