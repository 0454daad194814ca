"""50 epochs of AdamW: linear warm-up over a tenth of the steps, then linearly to zero."""

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=50, val_interval=1)
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='pir_mm.MatrixDecayConstructor',
    optimizer=dict(type='AdamW', lr=6e-5, betas=(0.9, 0.98), eps=1e-8, weight_decay=0.01),
    paramwise_cfg=dict(
        custom_keys=dict(relative_position_bias_table=dict(decay_mult=0.0)),
    ),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, begin=0, end=5, convert_to_iter_based=True),
    dict(type='LinearLR', start_factor=1.0, end_factor=0.0, begin=5, end=50,
         convert_to_iter_based=True),
]  # fmt: skip
auto_scale_lr = dict(base_batch_size=256)
