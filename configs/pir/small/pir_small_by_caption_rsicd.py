"""The small PIR-ITR with a caption a sample, as the authors train, in about the same time.

An epoch passes over every caption, five times the pictures, with fewer texts a step.

mim train pir_mm configs/pir/small/pir_small_by_caption_rsicd.py
"""

_base_ = '../pir_itr_small_rsicd.py'

train_dataloader = dict(dataset=dict(sampling='caption'))
train_cfg = dict(max_epochs=1, val_interval=1)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, begin=0, end=0.2, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=0.0, begin=0.2, end=1, convert_to_iter_based=True),
]
