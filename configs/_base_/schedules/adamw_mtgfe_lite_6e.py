"""6 epochs of AdamW for MTGFE of pretrained parts: warm-up over an epoch, then a cosine to zero.

The layers of BERT move by a tenth of what the new ones do.
"""

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=6)
optim_wrapper = dict(
    type='pir_mm.Bf16OptimWrapper',
    constructor='pir_mm.MatrixDecayConstructor',
    optimizer=dict(type='AdamW', lr=5e-5, betas=(0.9, 0.98), weight_decay=0.05),
    paramwise_cfg=dict(
        custom_keys=dict.fromkeys(
            ('image_encoder', 'crossattention', 'matcher', 'losses'), dict(lr_mult=10.0)
        )
    ),
    clip_grad=dict(max_norm=5.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, begin=0, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=0.0, begin=1, end=6, convert_to_iter_based=True),
]
