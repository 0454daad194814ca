"""PIR-ITR on RSITMD with a VGG-16 trained on ImageNet as its prior: table V.

mim train pir_mm configs/pir/table5/prior_vgg16_imagenet_rsitmd.py --gpus 2 --launcher pytorch
"""

_base_ = './prior_vgg16_aid_rsitmd.py'

model = dict(instruction_encoder=dict(init='data/weights/vgg16_imagenet.pth'))
