"""All of PIR-ITR on frozen parts under a prior that knows ImageNet's classes, not scenes.

python tools/get_weights.py efficientnet-lite0 minilm-l6
mim train pir_mm configs/pir/pretrained/pir_lite_hard_imagenet_prior_rsicd.py
"""

_base_ = './pir_lite_hard_rsicd.py'

model = dict(instruction_encoder=dict(init='data/weights/efficientnet-lite0.pth'))
default_hooks = dict(features=dict(parts=dict(instruction_encoder='lite0_imagenet')))
