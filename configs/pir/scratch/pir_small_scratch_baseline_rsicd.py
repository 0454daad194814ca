"""Two encoders that start at random, and the contrastive loss.

mim train pir_mm configs/pir/scratch/pir_small_scratch_baseline_rsicd.py
"""

_base_ = '../small/pir_small_baseline_rsicd.py'

model = dict(image_encoder=dict(init='random'))
# at random it learns at the rate of the rest
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'image_encoder.backbone': dict(lr_mult=1.0)}))
