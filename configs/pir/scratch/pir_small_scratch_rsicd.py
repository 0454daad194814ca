"""The small PIR-ITR whose image encoder starts at random: only the prior knows scenes.

mim train pir_mm configs/pir/scratch/pir_small_scratch_rsicd.py
"""

_base_ = '../pir_itr_small_rsicd.py'

model = dict(image_encoder=dict(init='random'))
# at random it learns at the rate of the rest
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'image_encoder.backbone': dict(lr_mult=1.0)}))
