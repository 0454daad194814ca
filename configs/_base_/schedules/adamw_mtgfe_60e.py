"""60 epochs of AdamW: linear warm-up over a tenth of the steps, then a cosine.

The paper's warm-up has 1000 steps, which is most of a run on a small set: a tenth at most here.
"""

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=60)
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='pir_mm.MatrixDecayConstructor',
    optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0.02),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, begin=0, end=6, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=1e-5, begin=6, end=60, convert_to_iter_based=True),
]
auto_scale_lr = dict(base_batch_size=128)
