"""PIR-ITR on RSITMD with a Swin-T trained on ImageNet as its prior: table V.

mim train pir_mm configs/pir/table5/prior_swin_tiny_imagenet_rsitmd.py --gpus 2 --launcher pytorch
"""

_base_ = './prior_swin_tiny_aid_rsitmd.py'

model = dict(instruction_encoder=dict(init='data/weights/swin_tiny_imagenet.pth'))
