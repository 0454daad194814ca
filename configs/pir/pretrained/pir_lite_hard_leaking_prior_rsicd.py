"""All of PIR-ITR on frozen parts under a prior that has seen most test pictures of RSICD.

mim train pir_mm configs/scene/lite0_aid.py
mim train pir_mm configs/pir/pretrained/pir_lite_hard_leaking_prior_rsicd.py
"""

_base_ = './pir_lite_hard_rsicd.py'

model = dict(instruction_encoder=dict(init='work_dirs/lite0_aid/epoch_5.pth'))
default_hooks = dict(features=dict(parts=dict(instruction_encoder='lite0_aid')))
